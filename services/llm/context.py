"""Gathering what a turn should know, from everybody who knows it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec

from proto import errors, events, tasks
from proto.base import Caller
from proto.chat import Exchange
from proto.tasks import Task
from services.llm.model import Message
from services.llm.thread import Thread
from services.llm.turn import Known, messages
from services.runtime.bus import Bus

LATELY = 40
"""Places in the log that are looked back."""
PATIENCE = 1.0
"""Seconds that a part which does not answer may hold a turn up."""


class Context:
    """What one turn knows beyond its own words; gathered once, before the first step."""

    def __init__(self, bus: Bus, thread: Thread, caller: Caller) -> None:
        self._bus = bus
        self._thread = thread
        self._caller = msgspec.structs.replace(caller, actor="model")
        self._known: Known | None = None

    async def see(self, exchange: Exchange) -> tuple[Message, ...]:
        """Build what the model is sent at this point of the turn."""
        if self._known is None:
            self._known = await self._gather(exchange)
        return messages(msgspec.structs.replace(self._known, asked=exchange))

    async def _gather(self, exchange: Exchange) -> Known:
        known = Known(now=datetime.now(UTC), asked=exchange, mode=exchange.mode)
        if exchange.mode == "command":
            return known
        listed, recent = await asyncio.gather(self._tasks(), self._recent())
        earlier = self._thread.before(exchange.turn)
        return msgspec.structs.replace(known, earlier=earlier, tasks=listed, recent=recent)

    async def _tasks(self) -> tuple[Task, ...]:
        """The task list; a turn goes on without it where tasks does not answer."""
        try:
            found = await self._bus.call(tasks.LIST, tasks.ListTasks(), caller=self._caller, timeout=PATIENCE)
        except errors.Failure:
            return ()
        return found.tasks

    async def _recent(self) -> tuple[str, ...]:
        """What happened lately outside of chat."""
        mine = events.of_user(self._caller.user)
        found = await self._bus.journal.read(mine, after=max(0, self._thread.sequence - LATELY))
        return tuple(
            f"{recorded.event.time:%H:%M} {recorded.event.actor}: {recorded.event.sentence}"
            for recorded in found
            if not recorded.event.kind.startswith("chat.")
        )
