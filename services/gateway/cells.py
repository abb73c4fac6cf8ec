"""The cells of a screen, as pyte keeps them, with what programs with a screen want besides."""

from __future__ import annotations

import copy
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import pyte
from pyte.screens import Margins

KEPT_PLACES = 16
"""Places of the cursor that a program may have remembered."""
MOST_MARKS = 8
"""Accents and the like on one letter."""


class Cells(pyte.Screen):
    """One screen; a second one for programs that give the first back."""

    def __init__(self, columns: int, lines: int, left: Callable[[int], None]) -> None:
        """`left` is told the number of a row that goes off the top for good."""
        self._left = left
        self._last = ""
        self.main: tuple[Any, Any, Any] | None = None
        """The main screen while a program has the other one."""
        super().__init__(columns, lines)

    def draw(self, data: str) -> None:
        super().draw(data if data.isascii() else "".join(self._bearable(data)))
        self._last = data[-1:] or self._last

    def index(self) -> None:
        _, bottom = self.margins or Margins(0, self.lines - 1)
        if self.cursor.y == bottom and not (self.margins and self.margins.top) and self.main is None:
            self._left(0)
        super().index()

    def save_cursor(self) -> None:
        super().save_cursor()
        del self.savepoints[:-KEPT_PLACES]

    def next_line(self) -> None:
        """Begin the next line."""
        self.index()
        self.carriage_return()

    def roll_up(self, count: int = 1) -> None:
        """Move what is shown up by some lines; new ones come from below."""
        self._at_edge(self.lines - 1, count, self.index)

    def roll_down(self, count: int = 1) -> None:
        """Move what is shown down."""
        self._at_edge(0, count, self.reverse_index)

    def repeat(self, count: int = 1) -> None:
        """Write the last character again."""
        self.draw(self._last * min(count or 1, self.columns))

    def take_other(self) -> None:
        """Give a program an empty screen, and keep the one before."""
        if self.main is None:
            rows = {number: copy.copy(row) for number, row in self.buffer.items()}
            self.main = rows, copy.copy(self.cursor), self.margins
            self.erase_in_display(2)

    def take_back(self) -> None:
        """Show the screen before again."""
        if self.main is not None:
            (rows, self.cursor, self.margins), self.main = self.main, None
            self.buffer.clear()
            self.buffer.update(rows)
            # It may have got another size meanwhile.
            self.ensure_hbounds()
            self.ensure_vbounds()
            self.dirty.update(range(self.lines))

    def _bearable(self, data: str) -> Iterator[str]:
        """Leave out marks beyond the most: pyte goes through all that a letter has for each that comes."""
        x, y = self.cursor.x, self.cursor.y
        before = self.buffer[y][x - 1] if x else self.buffer[max(y - 1, 0)][self.columns - 1]
        marks = len(before.data) - 1
        for letter in data:
            marks = marks + 1 if unicodedata.combining(letter) else 0
            if marks <= MOST_MARKS:
                yield letter

    def _at_edge(self, edge: int, count: int, step: Callable[[], None]) -> None:
        margins = self.margins
        kept = self.cursor.y
        self.cursor.y = (margins.bottom if edge else margins.top) if margins else edge
        for _ in range(min(count or 1, self.lines)):
            step()
        self.cursor.y = kept
