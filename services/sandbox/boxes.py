"""The live boxes: one for each conversation that needs it, closed when it has been idle for long."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import re
import shutil
import time
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self
from weakref import WeakValueDictionary

from services.sandbox import disk
from services.sandbox.box import Backend, Box, BoxClosedError, SandboxError, TooManyBoxesError

ROUND = 15.0
KEPT_FREE = 10
"""Of so many boxes one is kept free from any one user."""
KNOWN = 1000
"""Names of folders that need not be made again for each command."""


class Boxes:
    """Opens a box when it is first asked for, and closes it when nobody did for a while; its files stay."""

    def __init__(self, home: Path, backend: Backend, *, idle: float = 1800.0, most: int = 100) -> None:
        """`idle` is in seconds; `most` boxes are alive at a time."""
        self._home = home
        self._backend = backend
        self._idle = idle
        self._most = most
        self._boxes: dict[Path, Box] = {}
        self._used: dict[Path, float] = {}
        self._opening: WeakValueDictionary[Path, asyncio.Lock] = WeakValueDictionary()
        self._closing = contextlib.AsyncExitStack()
        self._closed = True
        self._root = functools.lru_cache(KNOWN)(self._named)

    async def __aenter__(self) -> Self:
        self._closed = False
        self._closing.push_async_callback(self._leave_all)
        tasks = await self._closing.enter_async_context(asyncio.TaskGroup())
        for work in (self._rounds(), self._backend.keep_ready()):
            self._closing.callback(tasks.create_task(work).cancel)
        self._closing.push_async_callback(self._backend.close)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._closing.__aexit__(kind, error, trace)

    def root(self, user: str, conversation: str) -> Path:
        """The folder of a conversation's box on this machine, whether it lives or not."""
        return self._root(user, conversation)

    async def box(self, user: str, conversation: str) -> Box:
        """The box of a conversation, started if need be; TooManyBoxesError when all there may be are busy."""
        return await self._opened(self.root(user, conversation))

    def alive(self, user: str, conversation: str) -> bool:
        """Whether a conversation's box is open."""
        return self.root(user, conversation) in self._boxes

    def open_one(self, root: Path) -> Box | None:
        """An open box by its root."""
        return self._boxes.get(root)

    async def forget(self, user: str, conversation: str = "") -> None:
        """Close the box of a conversation, or every box of a user, and remove its files; OSError when some stay."""
        there = self.root(user, conversation) if conversation else self._home / _folder(user)
        for root in [root for root in self._boxes if root == there or there in root.parents]:
            await self._close(root)
        await asyncio.to_thread(_remove, there)

    async def tidy(self) -> None:
        """Close boxes that nobody used for long; see that the others keep their limits."""
        for root, box in list(self._boxes.items()):
            if box.busy:
                self._used[root] = time.monotonic()
            elif time.monotonic() - self._used[root] >= self._idle:
                await self._close(root)
            else:
                await box.look()

    def _named(self, user: str, conversation: str) -> Path:
        return self._home / _folder(user) / _folder(conversation)

    async def _make_room(self, user: Path) -> None:
        """Close an idle box where a user, or all of them, have what they may: that of whoever has the most."""
        counts = Counter(root.parent for root in self._boxes)
        if counts[user] >= self._most - self._most // KEPT_FREE:
            found = [root for root in self._boxes if root.parent == user]
        elif len(self._boxes) >= self._most:
            found = list(self._boxes)
        else:
            return
        idle = [root for root in found if not self._boxes[root].busy]
        if not idle:
            raise TooManyBoxesError
        await self._close(min(idle, key=lambda root: (-counts[root.parent], self._used[root])))

    async def _rounds(self) -> None:
        await self._find_again()
        while True:
            await asyncio.sleep(ROUND)
            await self.tidy()

    async def _find_again(self) -> None:
        """Take over the boxes that an earlier service left running, so that they too end when nobody uses them."""
        with contextlib.suppress(SandboxError):
            for root in await self._backend.left():
                with contextlib.suppress(SandboxError):
                    await self._opened(root)

    async def _opened(self, root: Path) -> Box:
        async with self._opening.setdefault(root, asyncio.Lock()):
            if self._closed:
                raise BoxClosedError("The sandbox is stopping; ask again in a moment.")
            box = self._boxes.get(root)
            if box is None:
                await self._make_room(root.parent)
                box = self._boxes[root] = await self._backend.open(root)
            self._used[root] = time.monotonic()
            return box

    async def _close(self, root: Path) -> None:
        self._used.pop(root, None)
        box = self._boxes.pop(root, None)
        if box is not None:
            await box.close()

    async def _leave_all(self) -> None:
        self._closed = True
        boxes, self._boxes = self._boxes, {}
        async with asyncio.TaskGroup() as tasks:
            for box in boxes.values():
                tasks.create_task(box.leave())


def _remove(folder: Path) -> None:
    if folder.exists():
        # Measuring opens every folder that a box has closed to its owner.
        disk.measure(folder)
        shutil.rmtree(folder)


def _folder(name: str) -> str:
    """A folder name for any text: readable where possible, and never the same for two texts."""
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower())[:32].strip("-")
    return f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:16]}".lstrip("-")
