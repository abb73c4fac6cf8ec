"""A terminal into a box: the keys of this one go there, and what is shown there is shown here."""

from __future__ import annotations

import asyncio
import codecs
import os
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from daimon.commands import CommandError
from daimon.connection import Connection
from daimon.prints import prints
from proto import jobs
from proto.jobs import GiveInput, OpenTerminal, Over, Printed, Resize

STILL_HERE = 300.0
"""Seconds between two signs that somebody looks at the terminal."""
OPEN_WITHIN = 30.0
KEYS = 16_384


async def shell(connection: Connection) -> int:
    """Be the terminal of a shell in the box until it ends; its exit code."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError("`daimon box shell` needs a terminal; `daimon box run` runs one command without.")
    size = _size()
    caller = connection.caller
    async with connection.bus.feed(jobs.PRINTS).follow(caller.user, caller.conversation) as live:
        opened = await connection.call(
            jobs.OPEN, OpenTerminal(rows=size.lines, columns=size.columns), timeout=OPEN_WITHIN
        )
        keyboard = _Keyboard(connection, opened.job.id)
        with _raw(), keyboard.heard():
            tasks = [asyncio.create_task(work) for work in (keyboard.send(), keyboard.stay())]
            try:
                async for item in prints(connection, live, opened.job.id):
                    if isinstance(item, Printed):
                        _show(item.text)
                    elif isinstance(item, Over):
                        return item.exit_code
            finally:
                for task in tasks:
                    task.cancel()
    return 1


class _Keyboard:
    """The keys that are pressed here, on their way there, in order."""

    def __init__(self, connection: Connection, job: str) -> None:
        self._connection = connection
        self._job = job
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._waiting = ""
        self._pressed = asyncio.Event()

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Listen to the keys and to changes of the window's size."""
        loop = asyncio.get_running_loop()
        loop.add_reader(sys.stdin.fileno(), self._press)
        loop.add_signal_handler(signal.SIGWINCH, self._pressed.set)
        try:
            yield
        finally:
            loop.remove_reader(sys.stdin.fileno())
            loop.remove_signal_handler(signal.SIGWINCH)

    async def send(self) -> None:
        """Pass on what was pressed, as much at a time as there is; the size first, where it changed."""
        size = _size()
        while True:
            await self._pressed.wait()
            self._pressed.clear()
            if size != (size := _size()):
                await self._resize()
            text, self._waiting = self._waiting, ""
            if text:
                await self._connection.call(jobs.INPUT, GiveInput(job=self._job, text=text))

    async def stay(self) -> None:
        """Say now and then that somebody is here."""
        while True:
            await asyncio.sleep(STILL_HERE)
            await self._resize()

    async def _resize(self) -> None:
        size = _size()
        await self._connection.call(jobs.RESIZE, Resize(job=self._job, rows=size.lines, columns=size.columns))

    def _press(self) -> None:
        self._waiting += self._decoder.decode(os.read(sys.stdin.fileno(), KEYS))
        self._pressed.set()


def _size() -> os.terminal_size:
    """The window's own size, whatever COLUMNS and LINES say: a program beside us may have set them for itself."""
    size = os.get_terminal_size(sys.stdout.fileno())
    return size if all(size) else os.terminal_size((80, 24))


@contextmanager
def _raw() -> Iterator[None]:
    """Have every key for ourselves, and give the terminal back as it was."""
    before = termios.tcgetattr(sys.stdin)
    tty.setraw(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _show(text: str) -> None:
    # What a box prints is meant for a terminal, and this one is in its hands until the shell ends.
    sys.stdout.write(text)
    sys.stdout.flush()
