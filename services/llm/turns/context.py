"""The state of the program around a conversation: heard as it happens, so that a turn need not ask for it."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable

import msgspec

from proto import errors, events, tasks
from proto.base import Caller
from proto.events import Event
from proto.kinds import KINDS
from proto.tasks import Task
from services.runtime.bus import Bus, Interrupted

LATELY = 40
"""Places in the log that are looked back when a user is heard of for the first time."""
KEPT = 12
"""Sentences of what happened lately that a turn is told."""
USERS = 1000
NOUNS = sorted({kind.partition(".")[0] for kind in KINDS} - {"chat", "suggestion"})
"""What is listened to: a conversation is told by its own events."""
PATIENCE = 1.0
"""Seconds that a service which does not answer may hold a turn up."""


class Recent(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened lately."""

    event: str
    """Its id."""
    sentence: str


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the program around a conversation."""

    tasks: tuple[Task, ...] = ()
    recent: tuple[Recent, ...] = ()
    """What happened lately, oldest first."""


class Around:
    """What is known around one user's conversations."""

    def __init__(self) -> None:
        self.known = False
        self.recent: dict[str, str] = {}
        """Sentences by the id of their event."""
        self.tasks: tuple[Task, ...] | None = None
        """None when the list has changed since it was read."""
        self.changes = 0

    @property
    def lately(self) -> tuple[Recent, ...]:
        """What happened lately, oldest first."""
        return tuple(Recent(event=event, sentence=sentence) for event, sentence in self.recent.items())

    def hear(self, event: Event) -> None:
        """Let an event happen."""
        if event.kind.startswith("task."):
            self.tasks = None
            self.changes += 1
        self.remember(event)

    def remember(self, event: Event) -> None:
        """Keep what is told of an event."""
        if event.kind.partition(".")[0] in NOUNS:
            self.recent[event.id] = f"{event.time:%H:%M} {event.actor}: {event.sentence}"
            while len(self.recent) > KEPT:
                del self.recent[next(iter(self.recent))]


class Lookout:
    """Listens to everything that happens, and remembers what turns are told."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._around = functools.lru_cache(USERS)(lambda _user: Around())

    async def run(self) -> None:
        """Listen until cancelled; after an interruption nothing that was heard before counts."""
        while True:
            try:
                async with asyncio.TaskGroup() as group:
                    for noun in NOUNS:
                        group.create_task(self._listen(noun))
            except* Interrupted:
                self._around.cache_clear()

    async def _listen(self, noun: str) -> None:
        async with self._bus.follow(events.of_noun(noun)) as live:
            async for event in live:
                self._around(event.user).hear(event)

    async def surroundings(self, caller: Caller, place: Awaitable[int]) -> Surroundings:
        """Return what a turn is told whose message stands at this place of the log; waits for it only when it must."""
        around: Around = self._around(caller.user)
        listed = around.tasks
        if not around.known or listed is None:
            _, listed = await asyncio.gather(self._recall(around, caller, place), self._tasks(around, caller))
        return Surroundings(tasks=listed or (), recent=around.lately)

    async def _recall(self, around: Around, caller: Caller, place: Awaitable[int]) -> None:
        """Read what happened before we listened."""
        if around.known:
            return
        found = await self._bus.journal.read(events.of_user(caller.user), after=max(0, await place - LATELY))
        heard, around.recent = around.recent, {}
        for recorded in found:
            around.remember(recorded.event)
        around.recent = dict([*around.recent.items(), *heard.items()][-KEPT:])
        around.known = True

    async def _tasks(self, around: Around, caller: Caller) -> tuple[Task, ...]:
        """Read the task list; a turn goes on without it where tasks does not answer."""
        if around.tasks is not None:
            return around.tasks
        as_model, changes = msgspec.structs.replace(caller, actor="model"), around.changes
        try:
            found = await self._bus.call(tasks.LIST, tasks.ListTasks(), caller=as_model, timeout=PATIENCE)
        except errors.Failure:
            return ()
        if around.changes == changes:
            around.tasks = found.tasks
        return found.tasks
