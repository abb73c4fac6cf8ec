"""A client that costs next to nothing, so that what is measured is the server: HTTP/1.1 on a bare socket."""

from __future__ import annotations

import asyncio
import re
from bisect import bisect_left
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

WITHIN = 60.0
_STAMP = re.compile(rb"(token\d+)@(\d+)")


class Answer:
    """An answer as it comes; `body` grows, chunk marks included, for marks to be searched in."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self.head = b""
        self.body = bytearray()
        self.arrivals: list[tuple[float, int]] = []
        """When something came, and how long the body was then."""

    @property
    def status(self) -> int:
        """The status code."""
        return int(self.head.split(maxsplit=2)[1])

    def header(self, name: str) -> str:
        """Return a header's value, empty when there is none; of several, the last."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        found = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        return found.get(name.lower(), "")

    async def read_head(self) -> None:
        """Wait for the status line and the headers."""
        async with asyncio.timeout(WITHIN):
            self.head = await self._reader.readuntil(b"\r\n\r\n")

    async def until(self, mark: bytes) -> float:
        """Read until a mark has come; returns the loop's time at that moment."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(WITHIN):
            searched = 0
            while self.body.find(mark, searched) < 0:
                searched = max(0, len(self.body) - len(mark))
                piece = await self._reader.read(65536)
                if not piece:
                    raise ConnectionError(f"The answer ended before {mark!r} came.")
                self.body += piece
                self.arrivals.append((loop.time(), len(self.body)))
        return loop.time()

    async def whole(self) -> bytes:
        """Read to the end of an answer with a length, or of the connection; returns the body without chunk marks."""
        length = self.header("content-length")
        async with asyncio.timeout(WITHIN):
            if length:
                self.body += await self._reader.readexactly(int(length) - len(self.body))
            else:
                await self._read_chunks()
        return bytes(self.body)

    async def _read_chunks(self) -> None:
        while size := int((await self._reader.readline()).split(b";")[0], 16):
            self.body += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readline()


def lags(answer: Answer, start: int = 0) -> list[float]:
    """Milliseconds of each token from the model server's write to its arrival; the server stamps what it writes.

    Only where it comes first: at the end of an answer a page shows the whole text once more.
    """
    lengths = [length for _, length in answer.arrivals]
    found: dict[bytes, float] = {}
    for stamp in _STAMP.finditer(answer.body, start):
        arrived = answer.arrivals[bisect_left(lengths, stamp.end())][0]
        found.setdefault(stamp[1], arrived * 1000 - int(stamp[2]) / 1000)
    return list(found.values())


class Connection:
    """One connection that is kept open from request to request."""

    def __init__(self, address: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._host = urlsplit(address).netloc
        self._origin = address
        self._reader = reader
        self._writer = writer

    def send(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Send a request in one write; the answer is to be read before the next one."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}", f"Origin: {self._origin}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        lines += [f"Content-Length: {len(body)}"] if method != "GET" else []
        self._writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        return Answer(self._reader)

    async def ask(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Send a request and read the head of its answer."""
        answer = self.send(method, path, body, headers)
        await answer.read_head()
        return answer


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Connection]:
    """Open a connection to an `http://host:port` address."""
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 20)
    try:
        yield Connection(f"{parts.scheme}://{parts.netloc}", reader, writer)
    finally:
        writer.close()
