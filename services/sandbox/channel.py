"""The service's end of the line to the agent in a box."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
from collections.abc import Callable

from services.sandbox.agent.frames import (
    DONE,
    ERR,
    HEADER,
    HELLO,
    OUT,
    READY,
    TYPED,
    BadFrameError,
    Frames,
    frame,
    texts,
)

BEHIND = 4_000_000
"""Bytes that wait for an agent, beyond which nothing more is typed to it."""
TakeOutput = Callable[[int, bytes], None]


class LostError(Exception):
    """The agent is gone, and every process of the box with it."""


class Channel(asyncio.Protocol):
    """Sends frames to the agent and hands what comes back to whoever waits for it."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._frames = Frames()
        self._transport: asyncio.Transport | None = None
        self._waiting: dict[int, tuple[asyncio.Future[dict[str, str]], TakeOutput]] = {}
        self._last = 0
        self.ready: asyncio.Future[None] = loop.create_future()
        self.lost: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a stream socket has one
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        # The agent may have fallen into the hands of what runs in the box: whatever it says must do no harm here.
        try:
            for kind, number, body in self._frames.feed(data):
                self._take(kind, number, body)
        except (BadFrameError, UnicodeDecodeError):
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        for answer, _ in self._waiting.values():
            if not answer.done():
                answer.set_exception(LostError())
        for future in (self.ready, self.lost):
            if not future.done():
                future.set_result(None)

    @property
    def behind(self) -> bool:
        """Whether the agent reads less than it is sent."""
        return self._transport is not None and self._transport.get_write_buffer_size() > BEHIND

    def send(self, kind: int, number: int, body: bytes = b"") -> None:
        """Send a frame; to an agent that is gone nothing is sent."""
        if self._transport is not None and not self.lost.done():
            self._transport.write(frame(kind, number, body))

    def begin(self, kind: int, body: bytes, take: TakeOutput) -> tuple[int, asyncio.Future[dict[str, str]]]:
        """Send a frame under a new number; the future gets the fields of its end, or LostError."""
        self._last += 1
        future: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
        self._waiting[self._last] = (future, take)
        if self.lost.done():
            future.set_exception(LostError())
        self.send(kind, self._last, body)
        return self._last, future

    def forget(self, number: int) -> None:
        """Wait no longer for the end of a command."""
        self._waiting.pop(number, None)

    def close(self) -> None:
        """Hang up, which ends the box."""
        if self._transport is not None:
            self._transport.abort()

    def _take(self, kind: int, number: int, body: bytes) -> None:
        if kind == READY and not self.ready.done():
            self.ready.set_result(None)
        future, take = self._waiting.get(number, (None, None))
        if future is None or take is None:
            return
        if kind in (OUT, ERR, TYPED):
            take(kind, body)
        elif kind == DONE and not future.done():
            future.set_result(texts(body))


async def hello(near: socket.socket) -> socket.socket:
    """Wait for the agent's greeting; the socket on which the box's own network can be served.

    LostError when the agent ends before, or greets with anything else.
    """
    await readable(near)
    try:
        message, descriptors, _, _ = socket.recv_fds(near, HEADER, 1)
    except OSError as error:
        raise LostError from error
    if not descriptors:
        raise LostError
    listener = socket.socket(fileno=descriptors[0])
    if message != frame(HELLO, 0) or not _is_loopback_listener(listener):
        listener.close()
        raise LostError
    return listener


def _is_loopback_listener(listener: socket.socket) -> bool:
    with contextlib.suppress(OSError):
        listening = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        return listener.family == socket.AF_INET and bool(listening) and listener.getsockname()[0] == "127.0.0.1"
    return False


def gone(process: int) -> bool:
    """Whether the process behind a pidfd has ended; `select` would refuse descriptors from 1024 on."""
    look = select.poll()
    look.register(process, select.POLLIN)
    return bool(look.poll(0))


async def readable(descriptor: int | socket.socket) -> None:
    """Wait until something can be read, or has ended."""
    loop = asyncio.get_running_loop()
    came = asyncio.Event()
    loop.add_reader(descriptor, came.set)
    try:
        await came.wait()
    finally:
        loop.remove_reader(descriptor)
