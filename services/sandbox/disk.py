"""How much disk the files of a box take, measured without trusting what lies there."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import time
from pathlib import Path

import msgspec

# Deeper trees are made to hide files from being counted.
DEEPEST = 200
# Measuring may take this share of the time at most.
SHARE = 0.05
SOONEST = 0.2


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What lies below a folder: bytes on disk, and the number of names."""

    size: int = 0
    names: int = 0
    hidden: bool = False
    """Something could not be counted."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(size=self.size + other.size, names=self.names + other.names, hidden=self.hidden or other.hidden)


def measure(root: Path) -> Usage:
    """Count everything below `root`; links are not followed, and a file with many names counts once."""
    try:
        return _folder(os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW), set(), 0)
    except OSError:
        return Usage(hidden=True)


def _folder(descriptor: int, seen: set[int], depth: int) -> Usage:
    try:
        if depth > DEEPEST:
            return Usage(hidden=True)
        _open_to_owner(descriptor)
        with os.scandir(descriptor) as entries:
            states = {entry.name: _state(entry) for entry in entries}
        usage = Usage(size=sum(_bytes(state, seen) for state in states.values()), names=len(states))
        for name, state in states.items():
            if state is not None and stat.S_ISDIR(state.st_mode):
                usage += _inner(descriptor, name, seen, depth)
        return usage
    finally:
        os.close(descriptor)


def _state(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:
        return None


def _bytes(state: os.stat_result | None, seen: set[int]) -> int:
    if state is None or (state.st_nlink > 1 and not stat.S_ISDIR(state.st_mode) and state.st_ino in seen):
        return 0
    seen.add(state.st_ino)
    return state.st_blocks * 512


def _inner(parent: int, name: str, seen: set[int], depth: int) -> Usage:
    try:
        # The name may have become a link since it was listed; a descriptor of the path itself cannot be fooled.
        itself = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    except OSError:
        return Usage()
    try:
        _open_to_owner(itself)
        inner = os.open(f"/proc/self/fd/{itself}", os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return Usage(hidden=True)
    finally:
        os.close(itself)
    return _folder(inner, seen, depth + 1)


def _open_to_owner(descriptor: int) -> None:
    """A folder closed to its own owner would hide what is in it."""
    mode = os.fstat(descriptor).st_mode
    if mode & stat.S_IRWXU != stat.S_IRWXU:
        with contextlib.suppress(OSError):
            Path(f"/proc/self/fd/{descriptor}").chmod(stat.S_IMODE(mode) | stat.S_IRWXU)


class Gauge:
    """Measures the files of one box when it is worth it."""

    def __init__(self, root: Path, size: int, names: int) -> None:
        """Bytes and names are the most the box may have."""
        self._root = root
        self._size = size
        self._names = names
        self._usage: Usage | None = None
        self._again = 0.0
        self._free = 0
        self._grown = False
        self._measuring: asyncio.Task[None] | None = None

    @property
    def over(self) -> str:
        """The limit that was broken when it was last measured, in a sentence, or ''."""
        usage = self._usage or Usage()
        if usage.hidden:
            return f"the box's files cannot be measured: its folders may be {DEEPEST} deep"
        if usage.size > self._size:
            return f"the box's files may take {self._size >> 20} MiB of disk"
        if usage.names > self._names:
            return f"the box may have {self._names} files"
        return ""

    async def settle(self) -> None:
        """Measure before a command where the box may be full; else beside it, for a quick one would wait for that."""
        if self._usage is None or self._doubtful(self._usage):
            await self.grew()
        elif time.monotonic() >= self._again and (self._measuring is None or self._measuring.done()):
            self._measuring = asyncio.create_task(self._measure())

    async def grew(self) -> bool:
        """Measure if it is time; whether the box is over a limit and has more than when last measured."""
        if self._measuring is not None:
            await asyncio.wait([self._measuring])
        last = self._usage
        if last is None or self._doubtful(last) or time.monotonic() >= self._again:
            await self._measure()
        grown, self._grown = self._grown, False
        return grown

    async def _measure(self) -> None:
        before = self._usage
        self._usage = usage = await self._measured()
        more = before is not None and (usage.size > before.size or usage.names > before.names)
        self._grown = bool(self.over) and (more or usage.hidden)

    def _doubtful(self, last: Usage) -> bool:
        # A full box is measured each time, so that it is usable again as soon as something was deleted.
        return bool(self.over) or self._free - self._now_free() > self._size - last.size

    def _now_free(self) -> int:
        try:
            state = os.statvfs(self._root)
        except OSError:
            return 0
        return state.f_bfree * state.f_frsize

    async def _measured(self) -> Usage:
        began = time.monotonic()
        usage = await asyncio.to_thread(measure, self._root)
        ended = time.monotonic()
        self._again = ended + max(SOONEST, (ended - began) / SHARE)
        self._free = self._now_free()
        return usage
