"""The worker: takes turns from the log, holds them while it writes, and lets go in every kind of ending."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from msgspec.structs import replace

from proto import chat, errors, events
from proto.base import Caller
from proto.chat import Exchange, Outcome
from proto.kinds import happening
from proto.streams import TURN_LEASE
from services.llm.context import Lookout, Surroundings
from services.llm.engines import Engines
from services.llm.loop import Loop
from services.llm.model import Message
from services.llm.recording import Lost, Turn
from services.llm.settings import LlmSettings
from services.llm.thread import Thread
from services.llm.threads import Threads
from services.llm.tools import Tools
from services.llm.turn import Known, messages
from services.llm.writer import Writer
from services.runtime.bus import Bus, Delivery, Interrupted

ATTEMPTS = 3
"""Workers that try a turn before it is given up, so that a turn that kills its worker ends."""
HEARTBEAT = TURN_LEASE / 4
STOPS = 1000
BROKE_OFF = "The answer broke off {0} times, so it was given up. Ask again; `daimon logs llm` says what happened."

_log = logging.getLogger("daimon.llm")


class Worker:
    """All the turns of this process."""

    def __init__(self, bus: Bus, threads: Threads, tools: Tools, engines: Engines, settings: LlmSettings) -> None:
        self._bus = bus
        self._tools = tools
        self._engines = engines
        self._settings = settings
        self._threads = threads
        self._lookout = Lookout(bus)
        self._parts = bus.feed(chat.PARTS)
        self._writing: dict[str, asyncio.Task[Outcome]] = {}
        self._callers: dict[str, Caller] = {}
        """Whose turns we hold."""
        self._stops: deque[str] = deque(maxlen=STOPS)
        """Turns that were stopped lately, for those whose stop is heard before they begin."""

    async def run(self) -> None:
        """Take turns until cancelled; then give back what is not finished."""
        slots = asyncio.Semaphore(self._settings.turns)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_stops())
            group.create_task(self._lookout.run())
            # A slot first: what is taken and then waits would be given to somebody else.
            await slots.acquire()
            async for delivery in self._bus.work("turns").each():
                group.create_task(self._take(delivery)).add_done_callback(lambda _: slots.release())
                await slots.acquire()

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
        for turn, caller in list(self._callers.items()):
            if (await self._threads.read(caller.user, caller.conversation)).halted(turn):
                self._stop(turn)

    def _stop(self, turn: str) -> None:
        self._stops.append(turn)
        if turn in self._writing:
            self._writing[turn].cancel()

    async def _take(self, delivery: Delivery) -> None:
        """Do one delivery; whatever happens, the turn is either over or delivered again."""
        event = delivery.recorded.event
        if event.id in self._callers:
            # It was slow to say that it goes on, so it came again; the first delivery is acknowledged when it is over.
            return
        caller = Caller(user=event.user, actor=event.actor, conversation=event.conversation)
        try:
            async with self._held(delivery, caller):
                thread, around = await asyncio.gather(
                    self._thread(caller, delivery),
                    self._lookout.surroundings(caller, delivery.recorded.sequence),
                )
                if event.id in thread:
                    await self._answer(thread, around, caller, delivery)
            await delivery.ack()
        except Lost:
            # Whoever has it keeps the delivery alive and acknowledges it.
            _log.info("turn taken over by another worker", extra={"action": "turn.lost", "turn": event.id})
        except errors.Failure as failure:
            _log.warning("turn put back: %s", failure.message, extra={"action": "turn.put_back", "turn": event.id})
            await delivery.later(1)
        except asyncio.CancelledError:
            await delivery.later(0)
            raise

    async def _thread(self, caller: Caller, delivery: Delivery) -> Thread:
        """Read the conversation; what we know already is enough unless another worker had the turn before us."""
        if delivery.attempt > 1:
            return await self._threads.read(caller.user, caller.conversation)
        return await self._threads.containing(caller.user, caller.conversation, delivery.recorded.event.id)

    @asynccontextmanager
    async def _held(self, delivery: Delivery, caller: Caller) -> AsyncIterator[None]:
        """Keep the delivery ours for as long as we work on it."""

        async def beat() -> None:
            while True:
                await asyncio.sleep(HEARTBEAT)
                with contextlib.suppress(errors.Unavailable):
                    await delivery.still_working()

        self._callers[delivery.recorded.event.id] = caller
        beating = asyncio.create_task(beat())
        try:
            yield
        finally:
            beating.cancel()
            del self._callers[delivery.recorded.event.id]

    async def _answer(self, thread: Thread, around: Surroundings, caller: Caller, delivery: Delivery) -> None:
        exchange, attempt = thread[delivery.recorded.event.id], delivery.attempt
        writer = Writer(self._parts.at(caller.user, caller.conversation, exchange.turn), attempt)
        if exchange.outcome is not None:
            await writer.ended(exchange.outcome, exchange.error, exchange.answer)
            return
        turn = Turn(self._bus.journal, thread, exchange, caller, attempt)
        known = Known(now=datetime.now(UTC), asked=exchange, earlier=thread.before(turn.id), around=around)
        outcome, error = await self._outcome(turn, thread, writer, known)
        await writer.flush()
        answer = writer.written or exchange.answer
        await self._end(turn, outcome, answer, error)
        await writer.ended(outcome, error, answer)

    async def _end(self, turn: Turn, outcome: Outcome, answer: str, error: str) -> None:
        """Record the end; a wish to stop that came in between is no reason to lose it."""
        try:
            await turn.end(outcome, answer, error)
        except Lost:
            if not await self._still_halted(turn):
                raise
            await turn.end("stopped" if outcome == "done" else outcome, answer, error)

    async def _outcome(self, turn: Turn, thread: Thread, writer: Writer, known: Known) -> tuple[Outcome, str]:
        """Write the turn; returns how it ended, and the error if it failed."""
        if thread.halted(turn.id) or turn.id in self._stops:
            return "stopped", ""
        if turn.attempt > ATTEMPTS:
            return "failed", BROKE_OFF.format(ATTEMPTS)
        writing = asyncio.create_task(self._write(turn, writer, known))
        self._writing[turn.id] = writing
        try:
            await asyncio.wait([writing])
        except asyncio.CancelledError:
            writing.cancel()
            await asyncio.wait([writing])
            raise
        finally:
            del self._writing[turn.id]
        try:
            return _result(writing)
        except Lost:
            if await self._still_halted(turn):
                return "stopped", ""
            raise

    async def _still_halted(self, turn: Turn) -> bool:
        """Tell whether it was a wish to stop that came in between; then the turn is still ours to end."""
        thread = await self._threads.read(turn.caller.user, turn.caller.conversation)
        if not thread.halted(turn.id) or thread[turn.id].outcome is not None:
            return False
        turn.goes_on_from(thread.sequence)
        return True

    async def _write(self, turn: Turn, writer: Writer, known: Known) -> Outcome:
        def see(exchange: Exchange) -> tuple[Message, ...]:
            return messages(replace(known, asked=exchange))

        model = self._engines.model(turn.exchange.mode, turn.caller)
        await Loop(turn, model, self._tools, writer).run(see, self._settings)
        return "done"


def _result(writing: asyncio.Task[Outcome]) -> tuple[Outcome, str]:
    if writing.cancelled():
        return "stopped", ""
    error = writing.exception()
    if isinstance(error, Lost):
        raise error
    if isinstance(error, errors.Failure):
        return "failed", error.message
    if error is not None:
        _log.error("turn failed", exc_info=error, extra={"action": "turn.failed"})
        return "failed", errors.Failure().message
    return writing.result(), ""
