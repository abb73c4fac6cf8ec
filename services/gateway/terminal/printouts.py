"""What a job printed, as rows of text for its page."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from proto.jobs import Item, Job, Over
from proto.printing import Printing
from services.gateway.terminal.roll import Roll

COLUMNS, WIDEST = 100, 1000
"""Of a terminal; of the lines of any other job."""
TAIL = 200_000
"""Characters of what was printed before that a page shows."""
ROWS = 3000
"""Rows that a page is given at most."""


class Printout:
    """What one job printed, as rows."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._roll = Roll(columns=COLUMNS if job.kind == "terminal" else WIDEST, rows=ROWS, tail=TAIL)
        self._over: Over | None = None

    @property
    def cut(self) -> bool:
        """Whether more was printed than is shown."""
        return self._roll.cut

    async def begin(self, items: Sequence[Item]) -> Printing:
        """Take all there is; of much only the end."""
        return self._told(self._roll.begin(items), items)

    async def go_on(self, items: Sequence[Item]) -> Printing:
        """Take what came; raises Interrupted when something before it did not."""
        return self._told(self._roll.go_on(items), items)

    def _told(self, printing: Printing, items: Sequence[Item]) -> Printing:
        self._over = next((item for item in items if isinstance(item, Over)), self._over)
        running = self._over is None and self._job.state == "running"
        return replace(printing, running=running, standing=standing(self._job, self._over))


def standing(job: Job, over: Over | None) -> str:
    """How a job stands, in a few words."""
    if over is not None:
        return f"Ended with exit code {over.exit_code}. {over.note}".strip()
    if job.state == "running":
        return "Running."
    how = {"done": "Ended", "stopped": "Was stopped", "lost": "Was lost with its box"}[job.state]
    return f"{how}." if job.exit_code is None else f"{how} with exit code {job.exit_code}."
