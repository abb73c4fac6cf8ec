"""The worker: takes turns from the log, or begins them at once, and lets go in every kind of ending."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque

from proto import chat, errors, events
from proto.events import Event
from proto.kinds import happening
from services.llm.conversations.thread import Thread
from services.llm.conversations.threads import Threads
from services.llm.turns.answering import Answering
from services.llm.turns.holding import Held
from services.llm.turns.recording import Lost
from services.llm.turns.room import Room
from services.runtime.bus import Bus, Delivery, Interrupted

STOPS = 1000

_log = logging.getLogger("daimon.llm")


class Worker:
    """All the turns of this process."""

    def __init__(self, bus: Bus, threads: Threads, answering: Answering, room: Room) -> None:
        self._bus = bus
        self.threads = threads
        self._answering = answering
        self._work = bus.work("turns")
        self._room = room
        self._group: asyncio.TaskGroup | None = None
        self._held: dict[str, Held] = {}
        self._stops: deque[str] = deque(maxlen=STOPS)
        """Turns that were stopped lately, for those whose stop is heard before they begin."""

    @property
    def name(self) -> str:
        """How other workers know this one."""
        return self._work.name

    async def run(self) -> None:
        """Take turns until cancelled; then give back what is not finished."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._follow_stops())
            group.create_task(self._follow_replacements())
            group.create_task(self._follow_passed_on())
            group.create_task(self._answering.listen())
            # A place first: what is taken and then waits would be given to somebody else.
            await self._room.enter()
            async for delivery in self._work.each():
                group.create_task(self._take(delivery)).add_done_callback(self._free)
                await self._room.enter()

    async def begin(self, event: Event, thread: Thread) -> Held | None:
        """Begin a turn before the log has its message, unless all hands are full; nothing of it is seen before."""
        if self._group is None or self._room.full:
            return None
        await self._room.enter()
        held = Held(event, foreseen=thread.foreseen(event))
        self._held[held.turn] = held
        task = self._group.create_task(self._hold(held))
        task.add_done_callback(self._free)
        held.place.add_done_callback(lambda place: task.cancel() if place.cancelled() else None)
        return held

    def _free(self, _: asyncio.Task[None]) -> None:
        self._room.leave()

    async def _follow_stops(self) -> None:
        """Cancel the turns that somebody wants stopped."""
        while True:
            async with self._bus.follow(events.of_kind(chat.Halted.kind)) as stops:
                with contextlib.suppress(Interrupted, errors.Unavailable):
                    await self._stop_what_was_halted()
                    async for event in stops:
                        halted = happening(event)
                        if isinstance(halted, chat.Halted):
                            self._stop(halted.turn)

    async def _stop_what_was_halted(self) -> None:
        """Find the stops that were recorded while we could not hear."""
        for held in list(self._held.values()):
            if (await self.threads.read(held.caller.user, held.caller.conversation)).halted(held.turn):
                self._stop(held.turn)

    def _stop(self, turn: str) -> None:
        self._stops.append(turn)
        if turn in self._held:
            self._held[turn].stop()

    async def _follow_replacements(self) -> None:
        """Let go of turns that only wait for an action when a newer message takes their place."""
        while True:
            async with self._bus.follow(events.of_kind(chat.Asked.kind)) as messages:
                with contextlib.suppress(Interrupted, errors.Unavailable):
                    async for event in messages:
                        asked = happening(event)
                        if isinstance(asked, chat.Asked) and asked.replaces in self._held:
                            await self.threads.read(event.user, event.conversation)
                            self._held[asked.replaces].let_go()

    async def _follow_passed_on(self) -> None:
        async for delivery in self._work.passed_on():
            await self._take(delivery)

    async def _take(self, delivery: Delivery) -> None:
        """Do one delivery; whatever happens, the turn is either over or delivered again."""
        event = delivery.recorded.event
        if event.id in self._held:
            # We began it at once, or were slow to say that it goes on, so it came again.
            self._held[event.id].give(delivery)
        elif delivery.attempt == 1 and delivery.begun_by not in ("", self.name):
            await self._work.pass_on(delivery)
        else:
            await self._hold(Held(event, delivery))

    async def _hold(self, held: Held) -> None:
        self._held[held.turn] = held
        held.stopped = held.turn in self._stops
        try:
            async with held.kept():
                await self._answering.answer(held)
            await held.ack()
        except Lost:
            # Whoever has it keeps the delivery alive and acknowledges it.
            _log.info("turn taken over by another worker", extra={"action": "turn.lost", "turn": held.turn})
        except errors.Failure as failure:
            _log.warning("turn put back: %s", failure.message, extra={"action": "turn.put_back", "turn": held.turn})
            await held.later(1)
        except asyncio.CancelledError:
            await held.later(0)
            raise
        finally:
            del self._held[held.turn]
