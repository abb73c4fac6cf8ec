"""A program that draws in its terminal: what its screen shows can be waited for."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

import pyte

from tests.support.terminal import COLUMNS, ROWS, Terminal, terminal
from tests.support.whole import Whole


class Shown(Terminal):
    """The screen of a program."""

    def __init__(self, master: int) -> None:
        super().__init__(master)
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.Stream(self._screen)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self._screen.display]

    @property
    def here(self) -> str:
        """The line with the cursor, up to the cursor."""
        return self._screen.display[self._screen.cursor.y][: self._screen.cursor.x]

    def take(self, text: str) -> None:
        self._stream.feed(text)

    def look(self) -> str:
        return "\n".join(self.lines)


def on_screen(whole: Whole, *words: str) -> AbstractAsyncContextManager[Shown]:
    """Run a `daimon` command in a terminal of its own."""
    return terminal(Shown, whole, *words, NO_COLOR="1")
