"""What a command prints while it runs, put into its feed: in pieces of a sensible size, and not for the quick ones."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Literal

from proto import errors
from proto.jobs import OUTPUT_LIMIT, Began, Item, Kind, Over, Printed, Resized
from services.runtime.bus.feed import Append

PATIENCE = 0.2
"""Seconds that a command may run without anybody hearing of it."""
PULSE = 0.03
"""Seconds between two pieces of one feed."""
WRITTEN_WITHIN = 5.0
PIECE_SIZE = 60_000
HELD = 256_000
"""Characters that wait to be sent at most; of a command that prints faster the feed leaves some out."""


Piece = tuple[Literal["out", "err"], str] | Resized
"""Something printed, or another size of the screen."""


class Airing:
    """The feed of one command."""

    def __init__(self, append: Append[Item], command: str, kind: Kind, sent: Callable[[], None]) -> None:
        """`sent` is called when everything that had come was passed on."""
        self._append = append
        self._began = Began(command=command, kind=kind)
        self._terminal = kind == "terminal"
        self._sent = sent
        self._waiting: list[Piece] = []
        self._size = 0
        self._offset = 0
        self._cut = False
        self._news = asyncio.Event()
        self._end: Over | None = None
        self._beginning: asyncio.TimerHandle
        self._group: asyncio.TaskGroup
        self._writing: asyncio.Task[None] | None = None

    def begin(self, group: asyncio.TaskGroup) -> None:
        """Write the feed, once the command has run for a moment: most are over before that."""
        self._group = group
        patience = 0.0 if self._terminal else PATIENCE
        self._beginning = asyncio.get_running_loop().call_later(patience, self.begin_now)

    def begin_now(self) -> None:
        """Write the feed, however soon the command is over."""
        self._beginning.cancel()
        if self._writing is None:
            self._writing = self._group.create_task(self._write())

    async def written(self) -> None:
        """Wait until all of an ended feed is there to be read, unless that takes long."""
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=WRITTEN_WITHIN)

    def take(self, stream: Literal["out", "err"], text: str) -> None:
        """Something was printed."""
        room = self._room() - self._size
        if len(text) > room:
            self._cut, text = True, text[: max(0, room)]
        if text:
            self._size += len(text)
            self._waiting.append((stream, text))
            self._news.set()

    def resize(self, rows: int, columns: int) -> None:
        """Its screen has another size from here on."""
        if self._waiting and isinstance(self._waiting[-1], Resized):
            self._waiting.pop()
        self._waiting.append(Resized(rows=rows, columns=columns))
        self._news.set()

    def end(self, exit_code: int, note: str) -> None:
        """It is over."""
        if self._end is None:
            self._end = Over(exit_code=exit_code, note=note, cut=self._cut)
            self._news.set()
            self._beginning.cancel()

    def _room(self) -> int:
        # A terminal is read no faster than its feed is written, and its screen would be spoilt by a gap.
        return HELD * 4 if self._terminal else min(HELD, OUTPUT_LIMIT - self._offset)

    async def _write(self) -> None:
        # Whoever cannot follow now reads the answer at the end; the command goes on.
        with contextlib.suppress(errors.Failure):
            await self._append(self._began)
            while self._end is None or self._waiting:
                await self._news.wait()
                await self._flush()
                if self._end is None:
                    await asyncio.sleep(PULSE)
            await self._append(self._end)

    async def _flush(self) -> None:
        self._news.clear()
        waiting, self._waiting, self._size = self._waiting, [], 0
        for piece in _joined(waiting):
            if isinstance(piece, Resized):
                await self._append(piece)
            else:
                await self._print(*piece)
        self._sent()

    async def _print(self, stream: Literal["out", "err"], text: str) -> None:
        for start in range(0, len(text), PIECE_SIZE):
            piece = text[start : start + PIECE_SIZE]
            await self._append(Printed(offset=self._offset, text=piece, stream=stream))
            self._offset += len(piece)


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Neighbouring pieces of one stream as one."""
    found: list[Piece] = []
    for piece in pieces:
        last = found[-1] if found else None
        if isinstance(piece, tuple) and isinstance(last, tuple) and last[0] == piece[0]:
            found[-1] = (piece[0], last[1] + piece[1])
        else:
            found.append(piece)
    return found
