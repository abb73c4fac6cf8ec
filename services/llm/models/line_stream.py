"""One HTTP request whose answer comes line by line; closing the generator closes the connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from urllib.parse import SplitResult

from services.llm.models.chunked import LineDecoder, Malformed
from services.llm.models.door import Door

READ_SIZE = 65_536
BREATH = 0.001
"""Seconds in which a server that is faster than any reader is let write on; each look costs as much as ten tokens."""


class BadStatus(Exception):
    """The server answered with an error status."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"{status}: {body[:200]!r}")
        self.status = status
        self.body = body


class Stalled(Exception):
    """The server has been silent for too long."""


class BrokeOff(Exception):
    """The connection ended before the answer did; the message says how."""


def request_bytes(method: str, address: SplitResult, path: str, body: bytes) -> bytes:
    """Spell the request; one connection carries one request, so that closing it stops the server's work."""
    head = (
        f"{method} {address.path.rstrip('/')}{path} HTTP/1.1\r\n"
        f"Host: {address.netloc.rpartition('@')[2]}\r\n"
        "Content-Type: application/json\r\n"
        "Connection: close\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def line_stream(door: Door, path: str, body: bytes, *, method: str = "POST") -> AsyncGenerator[list[bytes], None]:
    """Yield the lines that came together, as they come. Raises Unreachable, Stalled, BadStatus, BrokeOff."""
    reader, writer = await door.enter()
    try:
        writer.write(request_bytes(method, door.address, path, body))
        async for lines in _read(reader, door.limits.stall):
            yield lines
    finally:
        writer.transport.abort()


async def _read(reader: asyncio.StreamReader, stall: float) -> AsyncGenerator[list[bytes], None]:
    decoder = LineDecoder()
    gathered: list[bytes] = []
    came, hurried = 0.0, False
    while not decoder.complete:
        if hurried:
            await asyncio.sleep(BREATH)
        lines = await _next_lines(reader, decoder, stall)
        now = asyncio.get_running_loop().time()
        hurried, came = now - came < 2 * BREATH, now
        if decoder.status >= 400:
            gathered += lines
        elif lines:
            yield lines
    if decoder.status >= 400:
        raise BadStatus(decoder.status, b"\n".join([*gathered, decoder.close()]))
    if rest := decoder.close():
        yield [rest]


async def _next_lines(reader: asyncio.StreamReader, decoder: LineDecoder, stall: float) -> list[bytes]:
    try:
        async with asyncio.timeout(stall):
            received = await reader.read(READ_SIZE)
        if received:
            return decoder.feed(received)
    except TimeoutError as error:
        raise Stalled from error
    except (ConnectionError, Malformed) as error:
        raise BrokeOff(str(error) or "the connection was reset") from error
    rest = decoder.close()
    if not decoder.complete:
        raise BrokeOff("the connection was closed")
    return [rest] if rest else []
