"""Boxes kept ready for conversations that have none yet, so that the first command need not wait for one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from services.sandbox import folders, orphans
from services.sandbox.box import SandboxError
from services.sandbox.started import Started

S = TypeVar("S", bound=Started)
PAUSE = 0.5
"""Seconds after one was taken before another is made: whoever took it wants the machine now."""
AGAIN = 30.0
"""Seconds until it is tried again after one could not be made."""

log = logging.getLogger(__name__)


class Spare(NamedTuple, Generic[S]):
    """A box that belongs to nobody yet: its folder, and its agent."""

    root: Path
    started: S


class Pool(Generic[S]):
    """So many boxes, made in the background; each is given away once, and the rest end with the service."""

    def __init__(self, folder: Path, most: int, make: Callable[[Path], Awaitable[S]]) -> None:
        """`make` starts the agent of a box over the files in a folder."""
        self._above = folder
        self._folder = folder / f"{os.getpid()}-{orphans.birth(os.getpid())}"
        self._most = most
        self._make = make
        self._ready: list[Spare[S]] = []
        self._wanted = asyncio.Event()
        self._closed = False
        self._filling: asyncio.Task[None] | None = None

    def clear(self) -> None:
        """Take away the folders of services that were killed; their boxes have ended."""
        for left in self._above.glob("*-*"):
            pid, _, born = left.name.partition("-")
            if orphans.birth(pid) != born:
                shutil.rmtree(left, ignore_errors=True)

    @property
    def ready(self) -> int:
        """How many there are."""
        return len(self._ready)

    async def keep(self) -> None:
        """Make boxes whenever there are fewer than wanted, until cancelled or closed."""
        while self._most and not self._closed:
            try:
                # What is being made when the service stops is awaited there, so that it ends with the others.
                self._filling = asyncio.create_task(self._fill())
                await asyncio.shield(self._filling)
            except (SandboxError, OSError) as error:
                log.warning("no box could be made ready: %s", error, extra={"action": "pool.short"})
                await asyncio.sleep(AGAIN)
            await self._wanted.wait()
            self._wanted.clear()
            await asyncio.sleep(PAUSE)

    async def take(self, root: Path) -> S | None:
        """A box for `root`, whose folder it becomes; None where none is ready."""
        while self._ready:
            spare = self._ready.pop(0)
            self._wanted.set()
            if not spare.started.ended:
                await asyncio.to_thread(_move, spare.root, root)
                return spare.started
            await self._end(spare)
        return None

    async def close(self) -> None:
        """End what nobody took."""
        self._closed = True
        if self._filling is not None:
            with contextlib.suppress(SandboxError, OSError):
                await self._filling
        ready, self._ready = self._ready, []
        for spare in ready:
            await self._end(spare)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _fill(self) -> None:
        while len(self._ready) < self._most and not self._closed:
            root = self._folder / os.urandom(8).hex()
            self._ready.append(Spare(root, await self._make(root)))

    async def _end(self, spare: Spare[S]) -> None:
        await spare.started.end()
        shutil.rmtree(spare.root, ignore_errors=True)


def _move(ready: Path, root: Path) -> None:
    """Put the folders of a box that was made ready where its conversation's are, with what lies there already."""
    for name in (each for each in folders.FOLDERS if (root / each).is_dir()):
        owner = (ready / name).stat()
        for entry in (root / name).iterdir():
            os.chown(entry, owner.st_uid, owner.st_gid, follow_symlinks=False)
            entry.rename(ready / name / entry.name)
        (root / name).rmdir()
    # What the service itself has noted there.
    for entry in root.iterdir() if root.is_dir() else ():
        entry.rename(ready / entry.name)
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    ready.rename(root)
