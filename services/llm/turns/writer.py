"""Writing a turn as it comes: text in as few pieces as the reader's eye allows, never a token lost."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import AbstractContextManager

from proto import chat
from proto.chat import Part
from services.llm.turns.recording import Turn
from services.runtime.bus.feed import Append

WORKER = f"{socket.gethostname()}/{os.getpid()}"
SOON = 0.05
"""Seconds that the word of a beginning waits for the first piece."""


class Writer:
    """The feed of one turn, at one attempt."""

    def __init__(self, append: Append[Part], turn: Turn, written: str = "") -> None:
        self._send = append
        self._turn = turn
        self._attempt = turn.attempt
        self._waiting = ""
        self._flushing: asyncio.Task[None] | None = None
        self._order = asyncio.Lock()
        """Whoever comes when the turn was just accepted must not overtake who waited for that."""
        self._start: chat.Started | None = None
        self._starting: asyncio.TimerHandle | None = None
        self.written = written
        """The whole answer so far."""

    async def started(self, model: str, *, anew: bool = False) -> None:
        """Say that this attempt began: together with its first words if they come soon, for each message costs time.

        A later attempt says it at once, so that one that takes its worker down is counted.
        """
        self._start = chat.Started(attempt=self._attempt, model=model, worker=WORKER, anew=anew)
        if self._attempt > 1:
            await self._begin()
        else:
            self._starting = asyncio.get_running_loop().call_later(SOON, self._nudge)

    async def paused(self) -> None:
        """Say that another worker goes on from here."""
        await self.flush()
        await self._append(chat.Paused(attempt=self._attempt))

    async def text(self, piece: str) -> None:
        """Write the next piece; what comes before the log has the message goes out together when it has it."""
        self._waiting += piece
        if self._turn.is_accepted and self._idle:
            await self.flush()
        else:
            self._nudge()

    async def flush(self) -> None:
        """Send what waits."""
        while self._waiting:
            piece, self._waiting = self._waiting, ""
            offset = len(self.written)
            self.written += piece
            await self._append(*self._begun(), chat.Text(attempt=self._attempt, offset=offset, text=piece))
        await self._begin()

    async def think(self, piece: str) -> None:
        """Write the next piece of what the model thinks."""
        await self._begin()
        offset = len(self._turn.thought)
        self._turn.thought += piece
        await self._append(chat.Thought(attempt=self._attempt, offset=offset, text=piece))

    async def measured(self) -> None:
        """Say what the turn has taken so far."""
        await self._begin()
        await self._append(chat.Measured(attempt=self._attempt, spent=self._turn.spent))

    async def calling(self, tool: chat.ToolUse) -> None:
        """Say that an action runs."""
        await self._begin()
        await self._append(chat.Calling(attempt=self._attempt, tool=tool))

    async def asking(self, tool: chat.ToolUse) -> None:
        """Say that a person must answer before an action runs."""
        await self._begin()
        await self._append(chat.Asking(attempt=self._attempt, tool=tool))

    def unhurried(self) -> AbstractContextManager[None]:
        """Let the time that a person takes to answer not count against the turn."""
        return self._turn.watch.still()

    async def returned(self, tool: chat.ToolUse) -> None:
        """Say that an action came back."""
        await self._append(chat.Returned(attempt=self._attempt, tool=tool))

    async def ended(self, outcome: chat.Outcome, error: str, answer: str) -> None:
        """Say that nothing follows."""
        await self._begin()
        turn = self._turn
        await self._append(
            chat.Ended(
                attempt=self._attempt,
                outcome=outcome,
                error=error,
                answer=answer,
                cut=turn.cut,
                spent=turn.spent,
                model=turn.model,
                handed=turn.handed,
                prompt_tokens=turn.prompt_tokens,
                answer_tokens=turn.answer_tokens,
            )
        )

    def close(self) -> None:
        """Write nothing any more, whatever still waits."""
        for waiting in (self._starting, self._flushing):
            if waiting is not None:
                waiting.cancel()

    async def _append(self, *parts: Part) -> None:
        """Send parts, once it is certain that the turn was asked for."""
        async with self._order:
            await self._turn.accepted()
            await self._send(*parts)

    @property
    def _idle(self) -> bool:
        return self._flushing is None or self._flushing.done()

    def _nudge(self) -> None:
        if self._idle:
            self._flushing = asyncio.create_task(self.flush())

    async def _begin(self) -> None:
        if start := self._begun():
            await self._append(*start)

    def _begun(self) -> tuple[Part, ...]:
        """The word of the beginning, if it was not said yet."""
        if self._starting is not None:
            self._starting.cancel()
        start, self._start = self._start, None
        return () if start is None else (start,)
