"""A turn's own entries in the log: written only while the turn is still ours."""

from __future__ import annotations

import time

import msgspec

from proto import chat, errors, events
from proto.base import Caller
from proto.chat import Exchange, Outcome
from proto.events import Happening, Recorded
from services.llm.thread import Thread
from services.runtime.bus.journal import Expect, Journal


class Lost(Exception):
    """Somebody else has written to this conversation: the turn is no longer ours."""


class Turn:
    """One turn in the hands of one worker."""

    def __init__(self, journal: Journal, thread: Thread, exchange: Exchange, caller: Caller, attempt: int) -> None:
        self._journal = journal
        self._thread = thread
        self._sequence = thread.sequence
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

    def goes_on_from(self, sequence: int) -> None:
        """Accept what others have written up to here."""
        self._sequence = sequence

    async def record(self, what: Happening, *, cause: str = "") -> str:
        """Put an event of this turn into the log, if the turn is still ours; returns its id."""
        caller = msgspec.structs.replace(self.caller, actor="model", cause=cause or self.id, key="")
        event = events.happened(what, caller)
        mine = events.in_conversation(caller.user, caller.conversation, "chat")
        try:
            sequence = await self._journal.append(event, expect=Expect(filter=mine, sequence=self._sequence))
        except errors.Conflict as conflict:
            raise Lost from conflict
        self._wrote(Recorded(sequence=sequence, event=event))
        return event.id

    def _wrote(self, recorded: Recorded) -> None:
        """Let the conversation know at once, unless it has not read what came before."""
        if self._thread.sequence == self._sequence:
            self._thread.apply(recorded)
        self._sequence = recorded.sequence

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
