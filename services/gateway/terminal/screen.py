"""The screen of a terminal, as pyte keeps it: what a program prints moves, writes and scrolls in rows of cells.

Only sequences that are known to mean something here reach it, with as many numbers as they take: what is printed comes
from inside a box, and pyte breaks on what it does not expect.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence

from pyte.modes import IRM
from pyte.screens import Char

from proto.printing import Row, Span
from services.gateway.terminal.cells import Cells
from services.gateway.terminal.effort import Token, modes, parts
from services.gateway.terminal.paper import BROKEN_OFF, TOKEN

MOST_ROWS, MOST_COLUMNS = 200, 400
"""Of a screen on a page, whatever size its program believes in."""
MOST_LOOKS = 4000
"""Pieces of one look in a whole screen; the end of a row that would have more than its share is told plainly."""
Look = tuple[str, str, bool, bool, bool, bool, bool, bool]
ALTERNATE, ARROWS, PASTE, SHOWN = (47, 1047, 1049), 1, 2004, 25
_NAMED = ("black", "red", "green", "brown", "blue", "magenta", "cyan", "white")
_COLOURS = {name: number for number, name in enumerate((*_NAMED, *(f"bright{name}" for name in _NAMED)))}
# What pyte calls it.
_COLOURS |= {"bfightmagenta": 13, "brightbrown": 11}
_SHADES = (
    *((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229)),
    *((127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255), (0, 255, 255)),
    (255, 255, 255),
)
_LOOKS = {"bold": "bold", "italics": "italic", "underscore": "underline", "reverse": "inverse"}
# What ends a sequence, the step it is, and how many numbers that takes.
_STEPS: dict[str, tuple[str, int]] = {
    "@": ("insert_characters", 1),
    "A": ("cursor_up", 1),
    "B": ("cursor_down", 1),
    "C": ("cursor_forward", 1),
    "D": ("cursor_back", 1),
    "E": ("cursor_down1", 1),
    "F": ("cursor_up1", 1),
    "G": ("cursor_to_column", 1),
    "H": ("cursor_position", 2),
    "L": ("insert_lines", 1),
    "M": ("delete_lines", 1),
    "P": ("delete_characters", 1),
    "X": ("erase_characters", 1),
    "`": ("cursor_to_column", 1),
    "a": ("cursor_forward", 1),
    "d": ("cursor_to_line", 1),
    "e": ("cursor_down", 1),
    "f": ("cursor_position", 2),
    "m": ("select_graphic_rendition", 32),
    "r": ("set_margins", 2),
    "s": ("save_cursor", 0),
    "u": ("restore_cursor", 0),
    "S": ("roll_up", 1),
    "T": ("roll_down", 1),
    "b": ("repeat", 1),
}
# The same where only some numbers mean anything.
_CHOICES = {"J": ("erase_in_display", (0, 1, 2, 3)), "K": ("erase_in_line", (0, 1, 2)), "g": ("clear_tab_stop", (0, 3))}
_PLAIN_MODES, _PRIVATE_MODES = (4, 20), (6, 7, 25)
_CONTROLS = {
    "\b": "backspace",
    "\t": "tab",
    "\n": "linefeed",
    "\v": "linefeed",
    "\f": "linefeed",
    "\r": "carriage_return",
    "\x0e": "shift_out",
    "\x0f": "shift_in",
}
_ESCAPES = {
    "D": "index",
    "E": "next_line",
    "H": "set_tab_stop",
    "M": "reverse_index",
    "7": "save_cursor",
    "8": "restore_cursor",
    "c": "reset",
}


class Screen:
    """Takes what is printed; gives rows."""

    def __init__(self, rows: int, columns: int) -> None:
        self._gone: list[Row] = []
        self._rest = ""
        self._private: set[int] = set()
        rows, columns = _fitting(rows, columns)
        self._cells = Cells(columns, rows, self._keep)
        self._told: dict[int, Row] = {}

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return int(self._cells.lines)

    @property
    def area(self) -> int:
        """How many cells it has."""
        return self.rows * int(self._cells.columns)

    @property
    def modes(self) -> str:
        """How keys are to be told: `arrows` in the manner of applications, `paste` with marks around it."""
        return " ".join(name for name, mode in (("arrows", ARROWS), ("paste", PASTE)) if mode in self._private)

    def take(self, text: str) -> None:
        """Take what was printed."""
        for part in self.parts(text):
            self.follow(part)

    def parts(self, text: str, most: int | None = None) -> list[list[Token]]:
        """What was printed, in parts of little work each to be followed; of what is more than `most` only the end."""
        text = self._rest + text
        broken = BROKEN_OFF.search(text)
        self._rest = broken.group() if broken else ""
        tokens = list(TOKEN.finditer(text, 0, broken.start() if broken else len(text)))
        return parts(tokens, (self.rows, int(self._cells.columns)), most, inserting=IRM in self._cells.mode)

    def skip(self, text: str) -> None:
        """Take no more of what was printed than the modes that it set."""
        self._rest = ""
        self.take(modes(text))

    def follow(self, part: list[Token]) -> None:
        """Do what a part of it says."""
        for token in part:
            if token["text"]:
                self._cells.draw(token["text"])
            elif token["control"]:
                self._step(_CONTROLS.get(token["control"], ""))
            elif token["what"]:
                self._obey(token["what"], [min(int(each[:4] or 0), 9999) for each in token["numbers"].split(";")])
            else:
                self._escape(token.group())

    def resize(self, rows: int, columns: int) -> None:
        """Take another size; what no longer fits above goes off the top."""
        rows, columns = _fitting(rows, columns)
        if self._cells.main is None:
            for number in range(max(0, self._cells.cursor.y + 1 - rows)):
                self._keep(number)
        # pyte drops lines from above though there is room below.
        self._drop_empty(rows)
        self._cells.resize(rows, columns)
        self._cells.cursor.y = min(self._cells.cursor.y, rows - 1)
        self._cells.cursor.x = min(self._cells.cursor.x, columns - 1)
        self._told.clear()

    def gone(self) -> tuple[Row, ...]:
        """The rows that went off the top since this was asked last."""
        gone, self._gone = self._gone, []
        return tuple(gone)

    def changed(self) -> list[tuple[int, Row]]:
        """The rows that look other than when this was asked last, with their numbers."""
        untold = set(range(self.rows)) - set(self._told)
        dirty = {*self._cells.dirty, *untold, *self._with_cursor(), self._cells.cursor.y}
        self._cells.dirty.clear()
        found = []
        for number in sorted(each for each in dirty if each < self.rows):
            row = self._row(number, self._cursor_in(number))
            if self._told.get(number) != row:
                self._told[number] = row
                found.append((number, row))
        return found

    def all(self) -> list[tuple[int, Row]]:
        """Every row."""
        self._told.clear()
        return self.changed()

    def _drop_empty(self, rows: int) -> None:
        spare = self.rows - 1 - self._cells.cursor.y
        cut = min(max(0, self.rows - rows), spare)
        self._cells.lines -= cut

    def _keep(self, number: int) -> None:
        self._gone.append(self._row(number, -1))

    def _with_cursor(self) -> list[int]:
        return [n for n, row in self._told.items() if any("cursor" in span.style for span in row.spans)]

    def _cursor_in(self, number: int) -> int:
        cursor = self._cells.cursor
        hidden = SHOWN << 5 not in self._cells.mode or cursor.hidden
        return -1 if hidden or cursor.y != number else min(cursor.x, self._cells.columns - 1)

    def _step(self, name: str, *numbers: int) -> None:
        if name:
            getattr(self._cells, name)(*numbers)

    def _obey(self, what: str, numbers: list[int]) -> None:
        if what in _STEPS:
            name, most = _STEPS[what]
            self._step(name, *numbers[:most])
        elif what in _CHOICES:
            name, choices = _CHOICES[what]
            if numbers[0] in choices:
                self._step(name, numbers[0])
        elif what in "hl":
            self._switch([each for each in numbers if each in _PLAIN_MODES], what, private=False)

    def _escape(self, sequence: str) -> None:
        if sequence.startswith("\x1b[?") and sequence[-1] in "hl":
            numbers = [int(each) for each in sequence[3:-1].split(";") if each.isdecimal() and len(each) < 6]
            for number in numbers:
                (self._private.add if sequence[-1] == "h" else self._private.discard)(number)
                if number in ALTERNATE:
                    self._step("take_other" if sequence[-1] == "h" else "take_back")
            self._switch([each for each in numbers if each in _PRIVATE_MODES], sequence[-1], private=True)
        elif sequence[1:2] in ("(", ")") and sequence[2:] in ("B", "0", "U", "V"):
            self._cells.define_charset(sequence[2:], sequence[1])
        elif len(sequence) == 2:
            self._step(_ESCAPES.get(sequence[1], ""))
            if sequence[1] == "c":
                self._private.clear()
                self._cells.main = None

    def _switch(self, modes: Sequence[int], what: str, *, private: bool) -> None:
        if modes:
            (self._cells.set_mode if what == "h" else self._cells.reset_mode)(*modes, private=private)

    def _row(self, number: int, cursor: int) -> Row:
        line = self._cells.buffer[number]
        last = max((x for x, cell in line.items() if x < self._cells.columns and _shown(cell)), default=-1)
        cells = [line[x] for x in range(max(last, cursor) + 1)]
        texts = [cell.data for cell in cells]
        if sum(map(len, texts)) > 2 * self._cells.columns:
            texts = [text[:1] for text in texts]
        looks = [_style(cell[1:]) for cell in cells]
        if cursor >= 0:
            looks[cursor] = f"{looks[cursor]} cursor".strip()
        return Row(spans=tuple(_spans(texts, looks, MOST_LOOKS // self.rows)))


def _spans(texts: list[str], looks: list[str], most: int) -> Iterator[Span]:
    begin = 0
    for count, (style, run) in enumerate(itertools.groupby(looks), 1):
        end = begin + sum(1 for _ in run) if count < most else len(texts)
        yield Span(text="".join(texts[begin:end]), style=style if count < most else "")
        if count == most:
            return
        begin = end


def _fitting(rows: int, columns: int) -> tuple[int, int]:
    return max(1, min(rows, MOST_ROWS)), max(2, min(columns, MOST_COLUMNS))


def _shown(cell: Char) -> bool:
    return bool(cell.data != " " or cell.bg != "default" or cell.reverse or cell.underscore)


@functools.lru_cache(4096)
def _style(look: Look) -> str:
    cell = Char("", *look)
    words = [word for name, word in _LOOKS.items() if getattr(cell, name)]
    words += [f"{layer}{_colour(name)}" for layer, name in (("f", cell.fg), ("b", cell.bg)) if name != "default"]
    return " ".join(words)


def _colour(name: str) -> int:
    """The number of a colour, of one that has no name the nearest that has."""
    if name not in _COLOURS:
        wanted = [int(name[at : at + 2], 16) for at in (0, 2, 4)]
        distances = [sum((a - b) ** 2 for a, b in zip(wanted, shade, strict=True)) for shade in _SHADES]
        _COLOURS[name] = distances.index(min(distances))
    return _COLOURS[name]
