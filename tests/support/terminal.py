"""A `daimon` command in a terminal of its own: keys go to it, and what it shows can be waited for."""

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
from typing import TypeVar

from tests.support.whole import ROOT, WITHIN, Whole, end

ROWS, COLUMNS = 30, 100
CTRL_C, CTRL_D = "\x03", "\x04"


class Terminal:
    """What a person at a terminal sees and types."""

    process: Process

    def __init__(self, master: int) -> None:
        self._master = master
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._came = asyncio.Event()
        self.seen = ""
        asyncio.get_running_loop().add_reader(master, self._read)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    async def shows(self, text: str) -> None:
        """Wait until a text has appeared, and look on from behind it."""
        await self.until(lambda: text in self.seen, f"{text!r} did not appear, but ")
        self.seen = self.seen.partition(text)[2]

    async def until(self, right: Callable[[], bool], otherwise: str = "") -> None:
        """Wait until what is shown is as it should be."""
        try:
            async with asyncio.timeout(WITHIN):
                while not right():
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            raise AssertionError(otherwise + self.look()) from None

    def take(self, text: str) -> None:
        """See what was written."""
        self.seen += text

    def look(self) -> str:
        """What is seen, for whoever asks what went wrong."""
        return repr(self.seen[-500:])

    def _read(self) -> None:
        try:
            self.take(self._decoder.decode(os.read(self._master, 65_536)))
        except OSError:
            asyncio.get_running_loop().remove_reader(self._master)
        self._came.set()


Kind = TypeVar("Kind", bound=Terminal)


@asynccontextmanager
async def terminal(kind: Callable[[int], Kind], whole: Whole, *words: str, **variables: str) -> AsyncIterator[Kind]:
    """Run a command at a terminal of a kind."""
    master, slave = pty.openpty()
    shown = kind(master)
    shown.resize(ROWS, COLUMNS)
    environment = {**os.environ, "DAIMON_HOME": str(whole.home.path), "TERM": "xterm", **variables}
    shown.process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "daimon", *words,
        cwd=ROOT, env=environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(slave)
    try:
        yield shown
    finally:
        asyncio.get_running_loop().remove_reader(master)
        await end(shown.process)
        os.close(master)
