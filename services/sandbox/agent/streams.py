"""One output of a command: passed on as it comes, and kept whole in a file of the box once it is long."""

from __future__ import annotations

import os
import time

from .places import HOME, RUN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .loop import Loop

CHUNK = 65536
FOLDER = f"{HOME}/.output"
FILES_KEPT = 20
LATE_KEPT = 200


class Pipes:
    """Makes named pipes, in a folder that belongs to the box's user, who may remove or close it at any time."""

    __slots__ = ("_folder",)

    def __init__(self) -> None:
        self._renew()

    def new(self) -> str:
        """The path of a new pipe, whose name could not be foreseen and taken."""
        try:
            return self._make()
        except OSError:
            self._renew()
            return self._make()

    def _make(self) -> str:
        path = f"{self._folder}/{os.urandom(8).hex()}"
        os.mkfifo(path, 0o600)
        return path

    def _renew(self) -> None:
        self._folder = f"{RUN}/{os.urandom(8).hex()}"
        os.mkdir(self._folder, 0o700)  # noqa: PTH102


class Kept:
    """The whole of an output: its first `short` bytes in memory, everything in a file when there is more."""

    __slots__ = ("_file", "_head", "_name", "_room", "_short", "path")

    def __init__(self, name: str, short: int, most: int) -> None:
        self._name = name
        self._short = short
        self._room = most
        self._head = bytearray()
        self._file = -1
        self.path = ""

    def add(self, chunk: bytes) -> bool:
        """Keep a chunk; False when it does not fit any more."""
        if self._file < 0 and len(self._head) + len(chunk) <= self._short:
            self._head += chunk
            return True
        self._room -= len(chunk)
        if self._room < 0:
            return False
        try:
            self._write(chunk)
        except OSError:
            return False
        return True

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, chunk: bytes) -> None:
        if self._file < 0:
            self._open()
            os.write(self._file, self._head)
            self._head.clear()
        os.write(self._file, chunk)

    def _open(self) -> None:
        os.makedirs(FOLDER, exist_ok=True)  # noqa: PTH103
        for old in sorted(os.listdir(FOLDER))[: -FILES_KEPT + 1]:  # noqa: PTH208
            os.unlink(f"{FOLDER}/{old}")  # noqa: PTH108
        path = f"{FOLDER}/{int(time.time())}-{self._name}"
        # O_EXCL: a pipe or link that waits under this name must not be opened.
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        self.path = path


class Stream:
    """The reading end of a command's stdout or stderr, a named pipe that the shell opens."""

    __slots__ = ("_forward", "_full", "descriptor", "kept", "path")

    def __init__(self, path: str, kept: Kept, forward: Callable[[bytes], None], full: Callable[[], None]) -> None:
        self.kept = kept
        self._forward = forward
        self._full = full
        self.path = path
        self.descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)

    def take(self) -> int:
        """Pass on what is there; the number of bytes, 0 for nothing now, -1 at the end."""
        try:
            chunk = os.read(self.descriptor, CHUNK)
        except BlockingIOError:
            return 0
        if not chunk:
            return -1
        self._forward(chunk)
        if not self.kept.add(chunk):
            self._full()
        return len(chunk)

    def drain(self) -> bool:
        """Pass on what was written so far; False when nobody holds the other end any more."""
        # A pipe holds no more than this, so what comes after it was written later.
        left = CHUNK
        while left > 0:
            taken = self.take()
            if taken <= 0:
                return taken == 0
            left -= taken
        return True

    def outlive(self) -> None:
        """Pass nothing on any more, but keep it."""
        self._forward = lambda _chunk: None
        self._full = lambda: None

    def unlink(self) -> None:
        """Take the pipe's name away, once the shell has opened it."""
        try:
            os.unlink(self.path)  # noqa: PTH108
        except OSError:
            return

    def close(self) -> None:
        os.close(self.descriptor)
        self.kept.close()


class Late:
    """The outputs of commands that are over, while something they started still writes: it must not block or die."""

    __slots__ = ("_loop", "_streams")

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._streams: list[Stream] = []

    def add(self, stream: Stream) -> None:
        """Read on from a stream until it ends, or until too many others came after it."""
        stream.outlive()
        self._streams.append(stream)
        self._loop.read(stream.descriptor, lambda: self._take(stream))
        if len(self._streams) > LATE_KEPT:
            self._drop(self._streams[0])

    def _take(self, stream: Stream) -> None:
        if stream.take() < 0:
            self._drop(stream)

    def _drop(self, stream: Stream) -> None:
        self._streams.remove(stream)
        self._loop.forget(stream.descriptor)
        stream.close()
