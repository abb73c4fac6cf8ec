"""The socket on which a service says that it is ready, as systemd's does it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Readiness:
    """Hears `READY=1` at one socket."""

    def __init__(self) -> None:
        self._heard = asyncio.Event()

    async def wait(self) -> None:
        """Wait until the service has said so."""
        await self._heard.wait()

    def forget(self) -> None:
        """Expect it anew, of the next life of the service."""
        self._heard.clear()

    def hear(self, datagram: bytes) -> None:
        """Take what the service sent: lines of NAME=value."""
        if b"READY=1" in datagram.split(b"\n"):
            self._heard.set()


@contextmanager
def listening(path: Path) -> Iterator[Readiness]:
    """Listen at a socket that a child finds in NOTIFY_SOCKET."""
    path.unlink(missing_ok=True)
    readiness = Readiness()
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as receiver:
        receiver.bind(str(path))
        loop.add_reader(receiver, lambda: readiness.hear(receiver.recv(4096)))
        try:
            yield readiness
        finally:
            loop.remove_reader(receiver)
            path.unlink(missing_ok=True)
