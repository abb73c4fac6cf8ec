"""The way to one server: connections that are kept for the next request, and given up where an answer is not wanted."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import SplitResult, urlsplit

import msgspec

from services.llm.models.line_connection import BrokeOff, LineConnection

FRESH = 30.0
"""Seconds for which a connection that nothing was said on is taken to be of use."""
KEPT = 64
"""Connections that are kept at most."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait, in seconds."""

    connect: float = 2.0
    stall: float = 120.0
    """Between two pieces of an answer, the first one included: loading a large model takes its time."""


class Unreachable(Exception):
    """There is no connection to be had."""


class BadStatus(Exception):
    """The server answered with an error status."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"{status}: {body[:200]!r}")
        self.status = status
        self.body = body


class Answer:
    """One answer while it is read."""

    def __init__(self, connection: LineConnection) -> None:
        self.batches = connection.batches
        self.is_whole = False
        """Whether its last line is there, so that its connection can be used again."""


class Door:
    """Asks one server."""

    def __init__(self, url: str, limits: Limits) -> None:
        self._address = urlsplit(url)
        self.limits = limits
        self._idle: list[tuple[float, LineConnection]] = []
        """Connections that wait for a request, with the time since when."""
        self._parting: set[LineConnection] = set()
        """Connections on which every line was read, and the end of the answer is still to come."""

    @asynccontextmanager
    async def ask(self, path: str, body: bytes, *, method: str = "POST") -> AsyncIterator[Answer]:
        """Ask; leaving the context before the answer is whole closes the connection, which stops the server's work.

        Raises Unreachable, Stalled, BadStatus and BrokeOff.
        """
        connection = await self._asked(request_bytes(method, self._address, path, body))
        answer = Answer(connection)
        try:
            yield answer
        finally:
            self._leave(connection, answer.is_whole)

    def close(self) -> None:
        """Close what waits for a request."""
        for connection in (*self._parting, *(waiting for _, waiting in self._idle)):
            connection.abort()
        self._idle.clear()

    async def _asked(self, request: bytes) -> LineConnection:
        """Send a request, on another connection where one that was kept turns out to be closed."""
        while True:
            connection, begun = self._kept() or await self._open(), False
            try:
                await _begin(connection, request, self.limits.stall)
                begun = True
            except BrokeOff:
                # A server may close a connection at the very moment at which it is used again.
                if not connection.answered or connection.status:
                    raise
            else:
                return connection
            finally:
                if not begun:
                    connection.abort()

    def _kept(self) -> LineConnection | None:
        """A connection that is still good; the one that was used last, so that the others grow old."""
        now = asyncio.get_running_loop().time()
        while self._idle:
            since, connection = self._idle.pop()
            if connection.reusable and now - since < FRESH:
                return connection
            connection.abort()
        return None

    async def _open(self) -> LineConnection:
        secure = ssl.create_default_context() if self._address.scheme == "https" else None
        host = self._address.hostname or ""
        port = self._address.port or (443 if secure else 80)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.limits.connect):
                _, connection = await loop.create_connection(LineConnection, host, port, ssl=secure)
        except OSError as error:  # a timeout is one
            raise Unreachable(str(error)) from error
        return connection

    def _leave(self, connection: LineConnection, whole: bool) -> None:
        if whole and not connection.over:
            self._parting.add(connection)
            connection.part(self._keep)
        else:
            self._keep(connection)

    def _keep(self, connection: LineConnection) -> None:
        """Keep a connection for the next request where that can go out on it, and none for too long."""
        now = asyncio.get_running_loop().time()
        self._parting.discard(connection)
        connection.rest()
        if connection.reusable and len(self._idle) < KEPT:
            self._idle.append((now, connection))
        else:
            connection.abort()
        while self._idle and now - self._idle[0][0] >= FRESH:
            self._idle.pop(0)[1].abort()


def request_bytes(method: str, address: SplitResult, path: str, body: bytes) -> bytes:
    """Spell a request."""
    head = (
        f"{method} {address.path.rstrip('/')}{path} HTTP/1.1\r\n"
        f"Host: {address.netloc.rpartition('@')[2]}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _begin(connection: LineConnection, request: bytes, stall: float) -> None:
    """Send a request and wait for the beginning of its answer, or for all of one that is an error."""
    connection.ask(request, stall)
    await connection.begun()
    if connection.status >= 400:
        said = [line async for lines in connection.batches() for line in lines]
        raise BadStatus(connection.status, b"\n".join(said))
