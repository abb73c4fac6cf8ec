"""Output of programs as rows of text with colours: the cursor is followed within its line, the rest is left out."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from proto.printing import Row, Span

TOKEN = re.compile(
    r"\x1b\[(?P<numbers>[0-9;]*)(?P<what>[A-Za-z@`])|\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b[()*+][ -~]|\x1b[ -/]*[0-~]|(?P<control>[\x00-\x1f\x7f-\x9f])|(?P<text>[^\x00-\x1f\x7f-\x9f]{1,500})"
)
BROKEN_OFF = re.compile(r"\x1b(?:\[[0-?]{0,200}[ -/]{0,9}|\][^\x07\x1b]{0,2000}\x1b?|[ -/]{0,9})?\Z")
_ON = {1: "bold", 2: "faint", 3: "italic", 4: "underline", 7: "inverse"}
_OFF = {22: ("bold", "faint"), 23: ("italic",), 24: ("underline",), 27: ("inverse",)}
_PALETTES = {38: "f", 48: "b"}
TAB = 8
BASIC = 16


class Paper:
    """Takes what is printed, gives rows."""

    def __init__(self, columns: int) -> None:
        """`columns` is where a line goes on in the next row."""
        self._columns = columns
        self._characters: list[str] = []
        self._styles: list[str] = []
        self._at = 0
        """The column of the cursor."""
        self._looks: dict[str, str] = {}
        self._style = ""
        self._rest = ""
        """The beginning of a sequence whose end has not come yet."""
        self._done: list[Row] = []

    @property
    def open(self) -> Row:
        """The row that is being written."""
        return _row(self._characters, self._styles)

    def take(self, text: str, *, error: bool = False) -> tuple[Row, ...]:
        """Take what was printed; returns the rows that are finished by it."""
        text = self._rest + text
        broken = BROKEN_OFF.search(text)
        self._rest = broken.group() if broken else ""
        for token in TOKEN.finditer(text, 0, broken.start() if broken else len(text)):
            if token["text"]:
                self._write(token["text"], error)
            elif token["control"]:
                self._control(token["control"])
            elif token["what"]:
                self._obey(token["what"], [min(int(each[:4] or 0), 9999) for each in token["numbers"].split(";")])
        done, self._done = self._done, []
        return tuple(done)

    def _write(self, text: str, error: bool) -> None:
        style = f"{self._style} err".strip() if error else self._style
        while text:
            if self._at >= self._columns:
                self._end_row()
            piece, text = text[: self._columns - self._at], text[self._columns - self._at :]
            self._pad()
            end = self._at + len(piece)
            self._characters[self._at : end] = piece
            self._styles[self._at : end] = [style] * len(piece)
            self._at = end

    def _control(self, character: str) -> None:
        if character == "\n":
            self._end_row()
        elif character == "\r":
            self._at = 0
        elif character == "\b":
            self._at = max(0, min(self._at, self._columns) - 1)
        elif character == "\t":
            self._at = min(self._columns - 1, (self._at // TAB + 1) * TAB)

    def _obey(self, what: str, numbers: list[int]) -> None:
        first = numbers[0]
        if what == "m":
            self._dress(numbers)
        elif what == "C":
            self._at = min(self._columns - 1, self._at + (first or 1))
        elif what == "D":
            self._at = max(0, self._at - (first or 1))
        elif what in "G`":
            self._at = min(self._columns - 1, max(0, first - 1))
        elif what == "K":
            self._wipe(first)
        elif what == "P":
            self._cut(self._at, self._at + (first or 1))
        elif what == "@":
            self._characters[self._at : self._at] = " " * min(first or 1, self._columns)
            self._styles[self._at : self._at] = [""] * min(first or 1, self._columns)
            self._cut(self._columns, len(self._characters))

    def _wipe(self, how: int) -> None:
        if how == 0:
            self._cut(self._at, len(self._characters))
        else:
            end = len(self._characters) if how == 2 else min(self._at + 1, len(self._characters))
            self._characters[:end] = " " * end
            self._styles[:end] = [""] * end

    def _cut(self, begin: int, end: int) -> None:
        del self._characters[begin:end], self._styles[begin:end]

    def _pad(self) -> None:
        missing = self._at - len(self._characters)
        if missing > 0:
            self._characters += " " * missing
            self._styles += [""] * missing

    def _end_row(self) -> None:
        self._done.append(self.open)
        self._characters, self._styles, self._at = [], [], 0

    def _dress(self, numbers: list[int]) -> None:
        """Change how what follows looks."""
        left = iter(numbers)
        for number in left:
            if number == 0:
                self._looks.clear()
            elif number in _ON:
                self._looks[_ON[number]] = _ON[number]
            elif number in _OFF:
                for look in _OFF[number]:
                    self._looks.pop(look, None)
            elif number in _PALETTES:
                self._colour(_PALETTES[number], _indexed(left))
            else:
                self._plain_colour(number)
        self._style = " ".join(self._looks.values())

    def _plain_colour(self, number: int) -> None:
        for begin, layer, first in ((30, "f", 0), (40, "b", 0), (90, "f", 8), (100, "b", 8)):
            if begin <= number < begin + 8:
                self._colour(layer, number - begin + first)
        if number in (39, 49):
            self._looks.pop("f" if number == 39 else "b", None)

    def _colour(self, layer: str, number: int | None) -> None:
        if number is not None:
            self._looks[layer] = f"{layer}{number}"


def _indexed(numbers: Iterator[int]) -> int | None:
    """One of the sixteen colours that have names; None for the other ones, which are left out."""
    way = next(numbers, 0)
    if way == 5:
        number = next(numbers, BASIC)
        return number if number < BASIC else None
    for _ in range(3 if way == 2 else 0):
        next(numbers, 0)
    return None


def _row(characters: list[str], styles: list[str]) -> Row:
    spans = []
    begin = 0
    for style, run in itertools.groupby(styles):
        end = begin + sum(1 for _ in run)
        spans.append(Span(text="".join(characters[begin:end]), style=style))
        begin = end
    return Row(spans=tuple(spans))
