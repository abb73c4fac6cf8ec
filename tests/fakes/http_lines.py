"""A small HTTP/1.1 server side for scripted servers: JSON answers and streams of lines, nothing kept back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 500: "Internal Server Error", 503: "Service Unavailable"}
Answer = AsyncIterator[bytes] | bytes


class Refusal(Exception):
    """The request is answered with an error status and this body."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(body)
        self.status = status
        self.body = body


class Died(Exception):
    """The connection ends in the middle of an answer."""


class Connections:
    """The connections open now."""

    def __init__(self, route: Callable[[str, str, bytes], Answer]) -> None:
        self.route = route
        self.open: set[Connection] = set()
        self.asked: set[Connection] = set()
        """Those of the open ones on which a chat was asked for."""
        self.changed = asyncio.Event()

    async def until(self, count: int) -> None:
        """Wait until that many clients are connected."""
        while len(self.open) != count:
            self.changed.clear()
            await self.changed.wait()


class Connection(asyncio.Protocol):
    """One client; its answer is cancelled the moment it goes away."""

    def __init__(self, connections: Connections) -> None:
        self.connections = connections
        self.received = b""
        self.answer: asyncio.Task[None] | None = None
        self.closing = False
        """Whether it ends when something is asked on it again."""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.connections.open.add(self)
        self.connections.changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.connections.open.discard(self)
        self.connections.asked.discard(self)
        self.connections.changed.set()
        if self.answer:
            self.answer.cancel()

    def data_received(self, data: bytes) -> None:
        if self.closing:
            self.transport.abort()
            return
        self.received += data
        head, ended, rest = self.received.partition(b"\r\n\r\n")
        if not ended:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(fields.get("content-length", "0"))
        if len(rest) >= length:
            self.received = rest[length:]
            method, path, _ = first.split(" ", 2)
            if path == "/api/chat":
                self.connections.asked.add(self)
            self.answer = asyncio.get_running_loop().create_task(self.serve(method, path, rest[:length]))

    async def serve(self, method: str, path: str, body: bytes) -> None:
        """Answer one request."""
        try:
            answer = self.connections.route(method, path, body)
            if isinstance(answer, bytes):
                self.send(200, answer)
            else:
                await self.stream(answer)
        except Refusal as refusal:
            self.send(refusal.status, refusal.body)
        except Died:
            self.transport.abort()

    def send(self, status: int, body: bytes) -> None:
        head = f"HTTP/1.1 {status} {REASONS.get(status, 'Error')}\r\nContent-Type: application/json; charset=utf-8\r\n"
        self.transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    async def stream(self, lines: AsyncIterator[bytes]) -> None:
        """Send lines as they come, each its own chunk; the head waits for the first, so a refusal has a status."""
        write = self.transport.write
        line = await anext(lines)
        write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n")
        write(b"%x\r\n%b\r\n" % (len(line), line))
        async for line in lines:
            write(b"%x\r\n%b\r\n" % (len(line), line))
        write(b"0\r\n\r\n")
