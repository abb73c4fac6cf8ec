"""The end of what a program prints, as rows of text: all of it once, then what is new."""

from __future__ import annotations

from collections.abc import Sequence

from proto.jobs import Item, Printed
from proto.printing import Printing, Row
from services.gateway.terminal.paper import Paper
from services.runtime.bus import Interrupted


class Roll:
    """The last rows of one program's output."""

    def __init__(self, *, columns: int, rows: int, tail: int) -> None:
        """`columns` is where a line goes on in the next row, `tail` the characters that are looked at to begin with.

        A reader is given `rows` rows at most; when it has twice as many it is given the last ones anew.
        """
        self._columns = columns
        self._most = rows
        self._tail = tail
        self._paper = Paper(columns)
        self._offset = 0
        self._rows: list[Row] = []
        self._given = 0
        self.cut = False
        """Whether more was printed before than is looked at."""

    def begin(self, items: Sequence[Item]) -> Printing:
        """Take all there is; of much only the end."""
        printed = [item for item in items if isinstance(item, Printed)]
        length = printed[-1].offset + len(printed[-1].text) if printed else 0
        self._paper, self._rows = Paper(self._columns), []
        self._offset = max(printed[0].offset if printed else 0, length - self._tail)
        self.cut = self._offset > 0
        self._take(items)
        return self.whole()

    def go_on(self, items: Sequence[Item]) -> Printing:
        """Take what came; raises Interrupted when something before it did not."""
        rows = self._take(items)
        if self._given + len(rows) > 2 * self._most:
            return self.whole()
        self._given += len(rows)
        return Printing(rows=tuple(rows), open=self._paper.open)

    def whole(self) -> Printing:
        """All that a reader is shown."""
        self._given = len(self._rows)
        return Printing(rows=tuple(self._rows), open=self._paper.open, whole=True)

    def _take(self, items: Sequence[Item]) -> list[Row]:
        found = [row for item in items if isinstance(item, Printed) for row in self._read(item)]
        self._rows = [*self._rows, *found][-self._most :]
        return found

    def _read(self, item: Printed) -> tuple[Row, ...]:
        if item.offset > self._offset:
            raise Interrupted
        fresh = item.text[self._offset - item.offset :]
        self._offset += len(fresh)
        return self._paper.take(fresh, error=item.stream == "err")
