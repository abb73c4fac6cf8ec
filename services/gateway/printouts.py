"""What a job printed, as rows of text for its page."""

from __future__ import annotations

from collections.abc import Iterable

from proto.jobs import Item, Job, Over, Printed
from proto.printing import Printing, Row
from services.gateway.paper import Paper
from services.runtime.bus import Interrupted

COLUMNS, WIDEST = 100, 1000
"""Of a terminal; of the lines of any other job."""
TAIL = 200_000
"""Characters of what was printed before that a page shows."""
ROWS = 3000
"""Rows that a page is given at most; when it has twice as many it is given the last ones anew."""


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

    async def begin(self, items: Iterable[Item]) -> Printing:
        """Take all there is; of much only the end."""
        printed = [item for item in items if isinstance(item, Printed)]
        length = printed[-1].offset + len(printed[-1].text) if printed else 0
        self._offset = max(printed[0].offset if printed else 0, length - TAIL)
        self.cut = self._offset > 0
        return self._told(self._rows_of(items), whole=True)

    async def go_on(self, items: Iterable[Item]) -> Printing:
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
