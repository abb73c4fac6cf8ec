"""The way to one server: each request has a connection of its own, and the one for the next is opened ahead."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import SplitResult, urlsplit

import msgspec

FRESH = 30.0
"""Seconds for which a connection that nothing was said on is taken to be of use."""

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait, in seconds."""

    connect: float = 2.0
    stall: float = 120.0
    """Between two pieces of an answer, the first one included: loading a large model takes its time."""


class Unreachable(Exception):
    """There is no connection to be had."""


class Door:
    """Opens connections to one address."""

    def __init__(self, url: str, limits: Limits) -> None:
        self.address = urlsplit(url)
        self.limits = limits
        self._ahead: asyncio.Task[Connection] | None = None
        self._since = 0.0

    async def enter(self) -> Connection:
        """Return the connection that was opened ahead if it is still good, else a new one. Raises Unreachable."""
        ahead, self._ahead = self._ahead, None
        age = asyncio.get_running_loop().time() - self._since
        if ahead is not None and age < FRESH and _stands(ahead):
            return ahead.result()
        _drop(ahead)
        return await open_socket(self.address, self.limits.connect)

    def prepare(self) -> None:
        """Open the connection for the next request."""
        _drop(self._ahead)
        self._since = asyncio.get_running_loop().time()
        self._ahead = asyncio.create_task(open_socket(self.address, self.limits.connect))
        # Whoever comes next finds out by itself that there is no connection to be had.
        self._ahead.add_done_callback(lambda opened: opened.cancelled() or opened.exception())

    def close(self) -> None:
        """Close what was opened ahead."""
        _drop(self._ahead)
        self._ahead = None


async def open_socket(address: SplitResult, seconds: float) -> Connection:
    """Connect. Raises Unreachable."""
    secure = ssl.create_default_context() if address.scheme == "https" else None
    port = address.port or (443 if secure else 80)
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.open_connection(address.hostname, port, ssl=secure)
    except OSError as error:  # a timeout is one
        raise Unreachable(str(error)) from error


def _opened(opening: asyncio.Task[Connection]) -> bool:
    return opening.done() and not opening.cancelled() and opening.exception() is None


def _stands(opening: asyncio.Task[Connection]) -> bool:
    """Whether the server has not closed it in the meantime."""
    if not _opened(opening):
        return False
    reader, writer = opening.result()
    return not (reader.at_eof() or reader.exception() or writer.is_closing())


def _drop(opening: asyncio.Task[Connection] | None) -> None:
    if opening is None:
        return
    if _opened(opening):
        opening.result()[1].transport.abort()
    else:
        opening.cancel()
