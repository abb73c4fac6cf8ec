"""A program in a terminal: keys go to it, and what its screen shows can be waited for."""

from __future__ import annotations

import asyncio
import codecs
import fcntl
import os
import pty
import struct
import sys
import termios
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pyte

from tests.support.whole import ROOT, WITHIN, Whole, end

ROWS, COLUMNS = 24, 100


class Shown:
    """The screen of a program."""

    def __init__(self, master: int, process: Process) -> None:
        self.process = process
        self._master = master
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.Stream(self._screen)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._came = asyncio.Event()
        asyncio.get_running_loop().add_reader(master, self._read)

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self._screen.display]

    @property
    def here(self) -> str:
        """The line with the cursor, up to the cursor."""
        return self._screen.display[self._screen.cursor.y][: self._screen.cursor.x]

    async def until(self, right: Callable[[], bool]) -> None:
        """Wait until the screen is as it should be."""
        try:
            async with asyncio.timeout(WITHIN):
                while not right():
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            raise AssertionError("\n".join(self.lines)) from None

    def _read(self) -> None:
        try:
            self._stream.feed(self._decoder.decode(os.read(self._master, 65_536)))
        except OSError:
            asyncio.get_running_loop().remove_reader(self._master)
        self._came.set()


@asynccontextmanager
async def on_screen(whole: Whole, *words: str) -> AsyncIterator[Shown]:
    """Run a `daimon` command in a terminal of its own."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environment = {**os.environ, "DAIMON_HOME": str(whole.home.path), "TERM": "xterm", "NO_COLOR": "1"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "daimon", *words,
        cwd=ROOT, env=environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    shown = Shown(master, process)
    try:
        yield shown
    finally:
        asyncio.get_running_loop().remove_reader(master)
        await end(process)
        os.close(master)
