"""A terminal on its page: its screen as it is now, and each change of it while the page is open."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterable, Sequence
from typing import ClassVar

from proto.jobs import Item, Job, Over, Printed, Resized
from proto.printing import Line, Painted, Row
from services.gateway.terminal.printouts import standing
from services.gateway.terminal.screen import MOST_LOOKS, Screen
from services.runtime.bus import Interrupted

TAIL = 60_000
"""Characters printed before that a screen is made of; more than any screen holds."""
FLOOD = 30_000
"""Characters that come at once and are all painted; of more only the last, for nobody could have read the others."""
WORK = 50_000
"""Work, as `effort` counts it, that is done for what comes at once, besides once the whole screen."""
REST = 2
"""So many times what a part of it took, everything else has its turn."""
BACK = 500
"""Rows above the screen that a page is given at most; when it has twice as many it is given the last ones anew."""


class Painting:
    """The screen of one terminal."""

    _at_work: ClassVar[int] = 0
    """Screens that are being painted: together they take less than half of the time."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._screen = Screen(job.rows or 24, job.columns or 80)
        self._offset = 0
        self._over: Over | None = None
        self._back: list[Row] = []
        self._given = 0
        self._anew = True
        """Whether the page has other rows than the screen."""

    async def begin(self, items: Iterable[Item]) -> Painted:
        """Take all there is; of much only the end."""
        items = list(items)
        printed = [item for item in items if isinstance(item, Printed)]
        length = printed[-1].offset + len(printed[-1].text) if printed else 0
        self._offset = max(printed[0].offset if printed else 0, length - TAIL)
        await self._take(items)
        self._anew = True
        return self._told()

    async def go_on(self, items: Iterable[Item]) -> Painted:
        """Take what came; raises Interrupted when something before it did not."""
        items = list(items)
        many = sum(len(item.text) for item in items if isinstance(item, Printed)) - FLOOD
        await self._take(items, skipped=max(0, many))
        return self._told()

    async def _take(self, items: Iterable[Item], skipped: int = 0) -> None:
        for item in items:
            if isinstance(item, Over):
                self._over = item
            elif isinstance(item, Resized):
                self._screen.resize(item.rows, item.columns)
                self._anew = True
            elif isinstance(item, Printed):
                if item.offset > self._offset:
                    raise Interrupted
                fresh = item.text[self._offset - item.offset :]
                self._offset += len(fresh)
                cut = min(skipped, len(fresh))
                skipped -= cut
                if cut:
                    self._screen.skip(fresh[:cut])
                await self._paint(fresh[cut:])

    async def _paint(self, text: str) -> None:
        first, *others = self._screen.parts(text, WORK + self._screen.area)
        self._screen.follow(first)
        Painting._at_work += 1
        try:
            for part in others:
                began = time.perf_counter()
                self._screen.follow(part)
                await asyncio.sleep((time.perf_counter() - began) * REST * Painting._at_work)
        finally:
            Painting._at_work -= 1

    def _told(self) -> Painted:
        gone = self._screen.gone()
        self._back = _last([*self._back, *gone])
        whole, self._anew = self._anew or self._given + len(gone) > 2 * BACK, False
        back = self._back if whole else _last(gone)
        self._given = len(back) if whole else self._given + len(back)
        running = self._over is None and self._job.state == "running"
        rows = self._screen.all() if whole else self._screen.changed()
        return Painted(
            changed=tuple(Line(at=at, row=row) for at, row in rows),
            back=tuple(back),
            rows=self._screen.rows,
            whole=whole,
            modes=self._screen.modes,
            running=running,
            standing=standing(self._job, self._over),
        )


def _last(rows: Sequence[Row]) -> list[Row]:
    """As many of the last rows as a page is given."""
    looks = itertools.accumulate(len(row.spans) for row in reversed(rows[-BACK:]))
    count = sum(1 for _ in itertools.takewhile(MOST_LOOKS.__ge__, looks))
    return list(rows[len(rows) - count :])
