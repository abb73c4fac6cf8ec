"""Gathering what a turn should know beyond its conversation, from everybody who knows it, all at once."""

from __future__ import annotations

import asyncio

import msgspec

from proto import errors, events, tasks
from proto.base import Caller
from proto.tasks import Task
from services.runtime.bus import Bus

LATELY = 40
"""Places in the log that are looked back."""
PATIENCE = 1.0
"""Seconds that a part which does not answer may hold a turn up."""


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the program around a conversation."""

    tasks: tuple[Task, ...] = ()
    recent: tuple[str, ...] = ()
    """Sentences of what happened lately, oldest first."""


async def surroundings(bus: Bus, caller: Caller, sequence: int) -> Surroundings:
    """Look around at the time of an event of the log."""
    listed, recent = await asyncio.gather(_tasks(bus, caller), _recent(bus, caller, sequence))
    return Surroundings(tasks=listed, recent=recent)


async def _tasks(bus: Bus, caller: Caller) -> tuple[Task, ...]:
    """The task list; a turn goes on without it where tasks does not answer."""
    as_model = msgspec.structs.replace(caller, actor="model")
    try:
        found = await bus.call(tasks.LIST, tasks.ListTasks(), caller=as_model, timeout=PATIENCE)
    except errors.Failure:
        return ()
    return found.tasks


async def _recent(bus: Bus, caller: Caller, sequence: int) -> tuple[str, ...]:
    """What happened lately outside of chat."""
    found = await bus.journal.read(events.of_user(caller.user), after=max(0, sequence - LATELY))
    return tuple(
        f"{recorded.event.time:%H:%M} {recorded.event.actor}: {recorded.event.sentence}"
        for recorded in found
        if not recorded.event.kind.startswith("chat.")
    )
