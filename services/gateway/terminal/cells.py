"""The cells of a screen, as pyte keeps them, with what programs with a screen want besides."""

from __future__ import annotations

import copy
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pyte
from pyte.screens import Char, Margins, StaticDefaultDict

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
        if self.cursor.y == bottom:
            self.roll_up()
        else:
            self.cursor_down()

    def reverse_index(self) -> None:
        top, _ = self.margins or Margins(0, self.lines - 1)
        if self.cursor.y == top:
            self.roll_down()
        else:
            self.cursor_up()

    def insert_lines(self, count: int | None = None) -> None:
        self._push(-(count or 1))

    def delete_lines(self, count: int | None = None) -> None:
        self._push(count or 1)

    def erase_in_display(self, how: int = 0, *_: object, **__: object) -> None:
        begin = self.cursor.y + 1 if how == 0 else 0
        end = self.cursor.y if how == 1 else self.lines
        for number in range(begin, end):
            self.buffer.pop(number, None)
            if self.cursor.attrs.bg != self.default_char.bg:
                self.buffer[number].update(dict.fromkeys(range(self.columns), self.cursor.attrs))
        self.dirty.update(range(begin, end))
        if how in (0, 1):
            self.erase_in_line(how)

    def save_cursor(self) -> None:
        super().save_cursor()
        del self.savepoints[:-KEPT_PLACES]

    def next_line(self) -> None:
        """Begin the next line."""
        self.index()
        self.carriage_return()

    def roll_up(self, count: int = 1) -> None:
        """Move what is shown up by some lines; new ones come from below."""
        top, bottom = self.margins or Margins(0, self.lines - 1)
        if not top and self.main is None:
            for number in range(min(count or 1, bottom + 1)):
                self._left(number)
        self._move(top, bottom, count or 1)

    def roll_down(self, count: int = 1) -> None:
        """Move what is shown down."""
        top, bottom = self.margins or Margins(0, self.lines - 1)
        self._move(top, bottom, -(count or 1))

    def repeat(self, count: int = 1) -> None:
        """Write the last character again."""
        self.draw(self._last * min(count or 1, self.columns))

    def take_other(self) -> None:
        """Give a program an empty screen, and keep the one before."""
        if self.main is None:
            self.main = self.buffer, copy.copy(self.cursor), self.margins
            self.buffer = defaultdict(lambda: StaticDefaultDict[int, Char](self.default_char))
            self.dirty.update(range(self.lines))

    def take_back(self) -> None:
        """Show the screen before again."""
        if self.main is not None:
            (self.buffer, self.cursor, self.margins), self.main = self.main, None
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

    def _push(self, count: int) -> None:
        """Move what is at the cursor and below it up, or down where `count` is negative."""
        top, bottom = self.margins or Margins(0, self.lines - 1)
        if top <= self.cursor.y <= bottom:
            self._move(self.cursor.y, bottom, count)
            self.carriage_return()

    def _move(self, top: int, bottom: int, count: int) -> None:
        """Move rows up, or down; new ones are empty. All at once: pyte goes through them for each line."""
        rows = [self.buffer.pop(number, None) for number in range(top, bottom + 1)]
        for number, row in enumerate(rows, top - count):
            if row is not None and top <= number <= bottom:
                self.buffer[number] = row
        self.dirty.update(range(top, bottom + 1))
