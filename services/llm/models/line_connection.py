"""One connection to a server whose answers come line by line: read where they arrive, kept from request to request.

No stream of asyncio's: its reader costs a future, a timeout and a copy for each piece, which is each token.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import cast

from services.llm.models.chunked import LineDecoder, Malformed

BREATH = 0.001
"""Seconds in which a server that is faster than any reader is let write on; each look costs as much as ten tokens."""
MANY = 10_000
"""Lines that wait for their reader until the server is made to wait, too."""
PARTING = 1.0
"""Seconds that the end of an answer may take whose last line is there."""


class Stalled(Exception):
    """The server has been silent for too long."""


class BrokeOff(Exception):
    """The connection ended before the answer did; the message says how."""


class LineConnection(asyncio.Protocol):
    """One connection; it carries one request at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._answer = LineDecoder()
        self._lines: list[bytes] = []
        self._failure: Exception | None = None
        """Why no more comes."""
        self._waiting: asyncio.Future[None] | None = None
        self._then: Callable[[LineConnection], None] | None = None
        """Who hears of the end of an answer that nobody waits for any more."""
        self._watch: asyncio.TimerHandle | None = None
        self._stall = 0.0
        self._came = 0.0
        """When something came last."""
        self.answered = False
        """Whether an answer came on it before."""
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Take what came; what nobody asked for could pass for the next answer, so it ends the connection."""
        self._came = self._loop.time()
        if self._answer.complete:
            self.abort()
            return
        try:
            self._lines += self._answer.feed(data)
        except Malformed as error:
            self._fail(BrokeOff(str(error)))
            self.abort()
        if len(self._lines) > MANY:
            self._transport.pause_reading()
        if self._lines or self.over:
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more comes; where the answer did not say how long it is, that is its end."""
        self.closed = True
        rest = self._answer.close()
        if self._answer.complete and rest:
            self._lines.append(rest)
        if not self._answer.complete:
            self._fail(BrokeOff(str(exc or "the connection was closed")))
        self._wake()

    @property
    def status(self) -> int:
        """The status of the answer; 0 until it is there."""
        return self._answer.status

    @property
    def over(self) -> bool:
        """Whether nothing more comes of the answer."""
        return self._answer.complete or self._failure is not None

    @property
    def reusable(self) -> bool:
        """Whether the next request can go out."""
        return self._answer.complete and self._answer.keeps_open and not (self.closed or self._transport.is_closing())

    def ask(self, request: bytes, stall: float) -> None:
        """Send a request; its answer may be silent for so many seconds."""
        self.answered = self._answer.complete
        self._answer, self._lines, self._failure = LineDecoder(), [], None
        self._stall, self._came = stall, self._loop.time()
        self._watch = self._loop.call_later(stall, self._look)
        self._transport.write(request)

    async def begun(self) -> None:
        """Wait for the head of the answer, with what comes at once. Raises Stalled, BrokeOff."""
        while not (self._lines or self.over):
            await self._wait()
        if not self.status and self._failure:
            raise self._failure

    async def batches(self) -> AsyncGenerator[list[bytes], None]:
        """Yield the lines that came together, as they come, to the end of the answer. Raises Stalled, BrokeOff."""
        came, hurried = 0.0, False
        while True:
            if hurried and not self.over:
                await self._breathe()
            while not (self._lines or self.over):
                await self._wait()
            if not self._lines:
                break
            hurried, came = self._came - came < 2 * BREATH, self._came
            lines, self._lines = self._lines, []
            yield lines
        if self._failure:
            raise self._failure
        if rest := self._answer.close():
            yield [rest]

    def part(self, then: Callable[[LineConnection], None]) -> None:
        """Read on to the end of an answer of which every line is there, and say when it has come, or comes too late."""
        self.rest()
        self._then = then
        self._watch = self._loop.call_later(PARTING, self.abort)

    def rest(self) -> None:
        """Watch no more: nothing is asked."""
        if self._watch is not None:
            self._watch.cancel()

    def abort(self) -> None:
        """Close at once, which stops the server's work."""
        self.rest()
        self.closed = True
        self._transport.abort()

    async def _wait(self) -> None:
        self._transport.resume_reading()
        self._waiting = self._loop.create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    async def _breathe(self) -> None:
        self._transport.pause_reading()
        await asyncio.sleep(BREATH)
        self._transport.resume_reading()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
        if self._then is not None and self.over:
            then, self._then = self._then, None
            then(self)

    def _fail(self, failure: Exception) -> None:
        self._failure = self._failure or failure

    def _look(self) -> None:
        """See whether somebody has waited for too long; a reader that is slow itself has not."""
        silent = self._loop.time() - self._came if self._waiting is not None else 0.0
        if silent >= self._stall:
            self._fail(Stalled())
            self._wake()
        else:
            self._watch = self._loop.call_later(self._stall - silent, self._look)
