"""The door of a container: a socket file on which its agent calls, and who on this machine may open it."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import socket
import struct
from pathlib import Path
from typing import NamedTuple

from services.sandbox.box import BoxStartError
from services.sandbox.channel import LostError, hello, readable

HELD = "This box is held by another sandbox service on this machine; stop that one, or ask there."
INSIDE = "inside"


class Call(NamedTuple):
    """An agent's pid, the line to it, its box's way out, and a handle of the agent."""

    agent: int
    near: socket.socket
    listener: socket.socket
    handle: int


class Door:
    """A folder of the machine: `inside` is shown to the container, the rest is the service's own."""

    def __init__(self, folder: Path) -> None:
        """Take hold of the door; BoxStartError when another living service has it."""
        self.folder = folder
        self.inside = folder / INSIDE
        self.inside.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise BoxStartError(HELD) from None
        self._server = self._listen()

    def _listen(self) -> socket.socket:
        # A socket's path may be no longer than 108 bytes, so it is named by way of an open folder.
        itself = os.open(self.inside, os.O_PATH | os.O_DIRECTORY)
        path = f"/proc/self/fd/{itself}/socket"
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        server.setblocking(False)
        try:
            Path(path).unlink(missing_ok=True)
            server.bind(path)
            Path(path).chmod(0o666)
            server.listen(8)
        finally:
            os.close(itself)
        return server

    async def answered(self, agent: int) -> Call:
        """Wait for the agent's call; LostError when it ends before.

        Whatever else runs in the box can call here as well, so the kernel is asked who it is.
        """
        with contextlib.ExitStack() as always, contextlib.ExitStack() as undo:
            always.callback(self._server.close)
            handle = os.pidfd_open(agent)
            undo.callback(os.close, handle)
            gone = asyncio.ensure_future(readable(handle))
            always.callback(gone.cancel)
            near = await self._call(gone)
            while _caller(near) != agent:
                near.close()
                near = await self._call(gone)
            undo.callback(near.close)
            near.setblocking(False)
            listener = await hello(near)
            undo.pop_all()
        return Call(agent, near, listener, handle)

    async def _call(self, gone: asyncio.Future[None]) -> socket.socket:
        call: asyncio.Future[tuple[socket.socket, object]] = asyncio.ensure_future(
            asyncio.get_running_loop().sock_accept(self._server)
        )
        try:
            await asyncio.wait((call, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not call.done():
                call.cancel()
        if not call.done():
            raise LostError
        near, _ = await call
        return near

    def close(self) -> None:
        """Let go of the door; another service may take it."""
        self._server.close()
        with contextlib.suppress(OSError):
            os.close(self._lock)

    def remove(self) -> None:
        """Take the door away with its box."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def is_held(folder: Path) -> bool:
    """Whether a living service has this door."""
    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _caller(near: socket.socket) -> int:
    pid, _, _ = struct.unpack("3i", near.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(pid)
