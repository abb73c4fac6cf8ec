"""A turn's own entries in the log: written only while the turn is still ours."""

from __future__ import annotations

import asyncio
from typing import Literal

import msgspec
from msgspec.structs import replace

from proto import chat, errors, events
from proto.base import Caller
from proto.chat import Exchange, Outcome, ToolUse
from proto.choices import HeldBack, Pattern
from proto.events import Event, Happening, Recorded
from proto.given import Given, GivenCall
from proto.models import Options
from proto.seen import Summarised
from services.llm.conversations.thread import Thread
from services.llm.conversations.threads import Threads
from services.llm.models.model import Finished
from services.llm.turns.stopwatch import Stopwatch
from services.llm.turns.turn import shortened
from services.runtime.bus.journal import Expect, Journal

TRIES = 20
"""How often an entry is tried again when others write to the conversation without touching the turn."""
THOUGHT_KEPT = 20_000
"""Characters of what the model thought that the log keeps."""


class Lost(Exception):
    """Somebody else has gone on with this turn, or wants it to stop: it is no longer ours to write."""


class Turn:
    """One turn in the hands of one worker."""

    def __init__(self, journal: Journal, threads: Threads, exchange: Exchange, caller: Caller, attempt: int) -> None:
        self._journal = journal
        self._threads = threads
        self._accepted = asyncio.Event()
        self._recording = asyncio.Lock()
        self._sequence = 0
        self._entries = 0
        self.caller = caller
        self.attempt = attempt
        self.watch = Stopwatch()
        self.exchange = exchange
        self.model = ""
        self.steps = _steps(exchange)
        self.limits = chat.Spent()
        """How much the turn may take."""
        self.options = Options()
        """How the model is to answer in this conversation."""
        self.warning = ""
        self.thought = ""
        """What the model thought at this attempt."""
        self.cut = exchange.cut
        """Whether the model had no room to finish."""
        self.given: Given | None = None
        """The conversation as the client has it, where the client keeps it."""
        self.handed: tuple[GivenCall, ...] = ()
        """Calls that the client is to run."""
        self.wanted = ""
        """The model that was chosen for it; empty for the configured one."""
        self.instructions: dict[str, int] = {}
        """Which versions of the instructions it is given."""
        self.patterns: tuple[Pattern, ...] = ()
        """What the content filter holds back."""
        self.prompt_tokens = self.answer_tokens = self._tokens = 0

    @property
    def id(self) -> str:
        """The id of the event that asked."""
        return self.exchange.turn

    @property
    def thread(self) -> Thread:
        """The conversation it belongs to, as far as it is known."""
        return self._threads.known(self.caller.user, self.caller.conversation)

    @property
    def replaced(self) -> bool:
        """Whether a newer message has taken its place, as far as the conversation is known."""
        thread = self.thread
        return self.id in thread and thread[self.id].outcome == "replaced"

    @property
    def read(self) -> tuple[ToolUse, ...]:
        """The calls whose results the model has been shown in this turn, those of earlier turns included."""
        if self.given is not None:
            brought = (ToolUse(call=each.call, action="client", arguments="", ok=True) for each in self.given.messages)
            return (*(use for use in brought if use.call), *self.exchange.tools)
        earlier = () if self.exchange.mode == "command" else self.thread.before(self.id)
        # What was imported may have been written by anybody.
        imported = (ToolUse(call=each.turn, action="import", arguments="", ok=True) for each in earlier if each.source)
        return (*imported, *(tool for exchange in (*earlier, self.exchange) for tool in exchange.tools))

    def builds_on(self, summary: Summarised | None) -> None:
        """Remember under which version of the instruction the summary was written that the model is given."""
        if summary is not None and summary.version is not None:
            self.instructions["summary"] = summary.version

    def accept(self) -> None:
        """Let entries be written from now on: the log has the message, and the thread has been read."""
        self._entries = self.thread.entries(self.id)
        self.goes_on()
        self._accepted.set()

    def goes_on(self) -> None:
        """Let what others have written so far stand before our next entry."""
        self._sequence = self.thread.sequence

    @property
    def is_accepted(self) -> bool:
        """Whether the log has the message."""
        return self._accepted.is_set()

    async def accepted(self) -> None:
        """Wait until the log has the message: before that nothing of its answer may be seen."""
        await self._accepted.wait()

    async def record(self, what: Happening, *, cause: str = "") -> str:
        """Put an event of this turn into the log, if the turn is still ours; returns its id."""
        await self.accepted()
        caller = msgspec.structs.replace(self.caller, actor="model", cause=cause or self.id, key="")
        event = events.happened(what, caller)
        async with self._recording:
            for _ in range(TRIES):
                try:
                    return await self._append(event)
                except errors.Conflict:
                    await self._look()
        raise Lost

    def finished(self, part: Finished) -> None:
        """Count what a call of the model took."""
        self.cut = part.reason == "length"
        self.prompt_tokens = part.prompt_tokens
        self.answer_tokens += part.answer_tokens
        self._tokens = part.prompt_tokens + part.answer_tokens

    @property
    def spent(self) -> chat.Spent:
        """What the turn has taken so far, or took."""
        if self.exchange.outcome is not None:
            return self.exchange.spent
        return replace(
            self.limits,
            steps=self.steps,
            seconds=round(self.watch.seconds, 3),
            tokens=self._tokens,
            warning=self.warning,
        )

    async def end(self, outcome: Outcome, answer: str, error: str = "") -> None:
        """Record that it is over."""
        spent = self.spent
        self.exchange = replace(self.exchange, outcome=outcome, spent=spent)
        await self.record(
            chat.Answered(
                turn=self.id,
                text=answer,
                outcome=outcome,
                error=error,
                model=self.model,
                attempt=self.attempt,
                steps=spent.steps,
                step_limit=spent.step_limit,
                prompt_tokens=self.prompt_tokens,
                answer_tokens=self.answer_tokens,
                tokens=spent.tokens,
                context=spent.context,
                warning=spent.warning,
                seconds=spent.seconds,
                time_limit=spent.time_limit,
                cut=self.cut,
                thought=shortened(self.thought, THOUGHT_KEPT),
                handed=self.handed,
                instructions=self.instructions,
                mode=self.exchange.mode,
            )
        )

    async def held_back(self, name: str, where: Literal["answer", "thought", "action"]) -> None:
        """Record that the content filter held something back, and not what."""
        caller = replace(self.caller, actor="system", cause=self.id, key="")
        await self._journal.append(events.happened(HeldBack(turn=self.id, name=name, where=where), caller))

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
        if thread.halted(self.id) or self.replaced or thread.entries(self.id) != self._entries:
            raise Lost
        self.goes_on()


def _steps(exchange: Exchange) -> int:
    """How often the model was called for this turn already: the number in its last call's id."""
    own = [tool.call for tool in exchange.tools if tool.call.startswith(f"{exchange.turn}/")]
    return int(own[-1].split("/")[-2]) if own else 0
