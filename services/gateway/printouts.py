"""A job on its page: what it printed so far, and what it prints while the page is open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from proto import jobs, ui
from proto.base import Caller
from proto.errors import Missing
from proto.jobs import Began, Item, Job, Over, Printed
from proto.printing import Printing, Row
from services.gateway.paper import Paper
from services.runtime.bus import Bus, Interrupted

COLUMNS, WIDEST = 100, 1000
"""Of a terminal; of the lines of any other job."""
TAIL = 200_000
"""Characters of what was printed before that a page shows."""
ROWS = 3000
"""Rows that a page is given at most; when it has twice as many it is given the last ones anew."""
HEARTBEAT = 15.0

Write = Callable[[str], Awaitable[None]]


class Printout:
    """What one job printed, as rows."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._paper = Paper(COLUMNS if job.kind == "terminal" else WIDEST)
        self._offset = 0
        self._over: Over | None = None
        self._rows: list[Row] = []
        self._given = 0
        self.cut = False
        """Whether more was printed than is shown."""

    def begin(self, items: Iterable[Item]) -> Printing:
        """Take all there is; of much only the end."""
        printed = [item for item in items if isinstance(item, Printed)]
        length = printed[-1].offset + len(printed[-1].text) if printed else 0
        self._offset = max(printed[0].offset if printed else 0, length - TAIL)
        self.cut = self._offset > 0
        return self._told(self._rows_of(items), whole=True)

    def go_on(self, items: Iterable[Item]) -> Printing:
        """Take what came; raises Interrupted when something before it did not."""
        rows = self._rows_of(items)
        return self._told(rows, whole=self._given + len(rows) > 2 * ROWS)

    def _rows_of(self, items: Iterable[Item]) -> list[Row]:
        found: list[Row] = []
        for item in items:
            if isinstance(item, Over):
                self._over = item
            elif isinstance(item, Printed):
                found += self._take(item)
        self._rows = [*self._rows, *found][-ROWS:]
        return found

    def _take(self, item: Printed) -> tuple[Row, ...]:
        if item.offset > self._offset:
            raise Interrupted
        fresh = item.text[self._offset - item.offset :]
        self._offset += len(fresh)
        return self._paper.take(fresh, error=item.stream == "err")

    def _told(self, rows: list[Row], *, whole: bool) -> Printing:
        shown = self._rows if whole else rows[-ROWS:]
        self._given = len(shown) if whole else self._given + len(shown)
        running = self._over is None and self._job.state == "running"
        return Printing(
            rows=tuple(shown),
            open=self._paper.open,
            whole=whole,
            running=running,
            standing=standing(self._job, self._over),
        )


def standing(job: Job, over: Over | None) -> str:
    """How a job stands, in a few words."""
    if over is not None:
        return f"Ended with exit code {over.exit_code}. {over.note}".strip()
    if job.state == "running":
        return "Running."
    how = {"done": "Ended", "stopped": "Was stopped", "lost": "Was lost with its box"}[job.state]
    return f"{how}." if job.exit_code is None else f"{how} with exit code {job.exit_code}."


async def find(bus: Bus, caller: Caller, job: str) -> Job:
    """A job of the caller's conversation."""
    for found in (await bus.call(jobs.JOBS, jobs.ListJobs(), caller=caller)).jobs:
        if found.id == job:
            return found
    raise Missing("There is no such job in this box, or it is not yours.")


async def printed(bus: Bus, caller: Caller, job: Job) -> tuple[Printing, bool]:
    """What a job printed so far, and whether there was more than is shown."""
    printout = Printout(job)
    told = printout.begin(await bus.feed(jobs.PRINTS).end(enough, caller.user, caller.conversation, job.id))
    return told, printout.cut


def enough(items: list[Item]) -> bool:
    """Whether these items, the last of a job, are all that a page shows."""
    if any(isinstance(item, Began) for item in items):
        return True
    printed = [item for item in items if isinstance(item, Printed)]
    return bool(printed) and printed[-1].offset + len(printed[-1].text) - printed[0].offset >= TAIL


async def follow(bus: Bus, caller: Caller, job: str, write: Write) -> None:
    """Write what a job prints until cancelled: first all of it, then as it comes, together what came together."""
    names = caller.user, caller.conversation, job
    feed = bus.feed(jobs.PRINTS)
    async with feed.follow(*names) as live:
        printout = Printout(await find(bus, caller, job))
        await _show(bus, write, ui.Online(), printout.begin(await feed.end(enough, *names)))
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT):
                    first = await live.next()
            except TimeoutError:
                await write("")
                continue
            came = [item for _, item in (first, *live.waiting())]
            await _show(bus, write, printout.go_on(came))


async def _show(bus: Bus, write: Write, *changes: ui.Change) -> None:
    await write((await bus.call(ui.LIVE, ui.Changes(changes=changes))).html)
