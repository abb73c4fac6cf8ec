"""A turn's own entries in the log: written only while the turn is still ours."""

from __future__ import annotations

import asyncio
import time

import msgspec

from proto import chat, errors, events
from proto.base import Caller
from proto.chat import Exchange, Outcome
from proto.events import Event, Happening, Recorded
from services.llm.thread import Thread
from services.llm.threads import Threads
from services.runtime.bus.journal import Expect, Journal

TRIES = 20
"""How often an entry is tried again when others write to the conversation without touching the turn."""


class Lost(Exception):
    """Somebody else has gone on with this turn, or wants it to stop: it is no longer ours to write."""


class Turn:
    """One turn in the hands of one worker."""

    def __init__(self, journal: Journal, threads: Threads, exchange: Exchange, caller: Caller, attempt: int) -> None:
        self._journal = journal
        self._threads = threads
        self._accepted = asyncio.Event()
        self._sequence = 0
        self._entries = 0
        self.caller = caller
        self.attempt = attempt
        self._began = time.perf_counter()
        self.exchange = exchange
        self.model = ""
        self.steps = int(exchange.tools[-1].call.split("/")[-2]) if exchange.tools else 0
        self.tokens = (0, 0)

    @property
    def id(self) -> str:
        """The id of the event that asked."""
        return self.exchange.turn

    @property
    def thread(self) -> Thread:
        """The conversation it belongs to, as far as it is known."""
        return self._threads.known(self.caller.user, self.caller.conversation)

    def accept(self) -> None:
        """Let entries be written from now on: the log has the message, and the thread has been read."""
        self._entries = self.thread.entries(self.id)
        self.goes_on()
        self._accepted.set()

    def goes_on(self) -> None:
        """Let what others have written so far stand before our next entry."""
        self._sequence = self.thread.sequence

    async def accepted(self) -> None:
        """Wait until the log has the message: before that nothing of its answer may be seen."""
        await self._accepted.wait()

    async def record(self, what: Happening, *, cause: str = "") -> str:
        """Put an event of this turn into the log, if the turn is still ours; returns its id."""
        await self.accepted()
        caller = msgspec.structs.replace(self.caller, actor="model", cause=cause or self.id, key="")
        event = events.happened(what, caller)
        for _ in range(TRIES):
            try:
                return await self._append(event)
            except errors.Conflict:
                await self._look()
        raise Lost

    async def end(self, outcome: Outcome, answer: str, error: str = "") -> None:
        """Record that it is over."""
        await self.record(
            chat.Answered(
                turn=self.id,
                text=answer,
                outcome=outcome,
                error=error,
                model=self.model,
                attempt=self.attempt,
                steps=self.steps,
                prompt_tokens=self.tokens[0],
                answer_tokens=self.tokens[1],
                seconds=round(time.perf_counter() - self._began, 3),
            )
        )

    async def _append(self, event: Event) -> str:
        mine = events.in_conversation(self.caller.user, self.caller.conversation, "chat")
        sequence = await self._journal.append(event, expect=Expect(filter=mine, sequence=self._sequence))
        # The conversation hears of it at once, unless it has not read what came before.
        if self.thread.sequence == self._sequence:
            self.thread.apply(Recorded(sequence=sequence, event=event))
        self._sequence = sequence
        self._entries += 1
        return event.id

    async def _look(self) -> None:
        """See what others wrote; raises Lost when it was about this turn."""
        thread = await self._threads.read(self.caller.user, self.caller.conversation)
        if thread.halted(self.id) or thread.entries(self.id) != self._entries:
            raise Lost
        self.goes_on()
