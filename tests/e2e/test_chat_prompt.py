"""`daimon chat` at a terminal: a real pseudo-terminal, keys and all."""

from __future__ import annotations

import asyncio
import os
import pty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from proto.base import new_id
from tests.fakes.ollama import FakeOllama, Reply, act
from tests.support.whole import ROOT, WITHIN, Whole

CTRL_C, CTRL_D = b"\x03", b"\x04"


class Terminal:
    """What a person at a terminal sees and types."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._came = asyncio.Event()
        self.seen = ""
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    def type(self, keys: bytes) -> None:
        os.write(self._descriptor, keys)

    async def shows(self, text: str) -> None:
        """Wait until a text has appeared, and look on from behind it."""
        try:
            async with asyncio.timeout(WITHIN):
                while text not in self.seen:
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            pytest.fail(f"{text!r} did not appear, but {self.seen[-500:]!r}")
        self.seen = self.seen.partition(text)[2]

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _read(self) -> None:
        try:
            self.seen += os.read(self._descriptor, 65536).decode()
        except OSError:
            asyncio.get_running_loop().remove_reader(self._descriptor)
        self._came.set()


@asynccontextmanager
async def at_terminal(whole: Whole, *words: str, **variables: str) -> AsyncIterator[tuple[Terminal, asyncio.Task[int]]]:
    """Run a `daimon` command that has a terminal of its own."""
    pid, descriptor = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        environment = {**os.environ, "DAIMON_HOME": str(whole.home.path), "TERM": "xterm", **variables}
        python = str(ROOT / ".venv/bin/python")
        os.execve(python, [python, "-m", "daimon", *words], environment)
    terminal = Terminal(descriptor)
    ended = asyncio.create_task(asyncio.to_thread(lambda: os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])))
    try:
        yield terminal, ended
    finally:
        terminal.close()
        if not ended.done():
            os.kill(pid, 9)
        await ended


@pytest.fixture
def ada() -> str:
    """A user nobody else in this run has."""
    return f"ada-{new_id()[-12:]}"


async def test_a_talk_goes_line_by_line_until_ctrl_d(scripted: Whole, ada: str) -> None:
    async with at_terminal(scripted, "chat", "--user", ada, "--conversation", "talk") as (terminal, ended):
        await terminal.shows("Ctrl-D leaves")
        await terminal.shows("> ")
        terminal.type(b"hello\n")
        await terminal.shows("You said: hello")
        await terminal.shows("> ")
        terminal.type(b"add buy milk to my list\n")
        await terminal.shows("→ tasks.add")
        await terminal.shows("Added task 'buy milk'")
        await terminal.shows("> ")
        terminal.type(CTRL_D)
        await terminal.shows("daimon chat --conversation talk")
        assert await ended == 0


async def test_ctrl_c_stops_the_answer_and_the_talk_goes_on(
    scripted: Whole, model_server: FakeOllama, ada: str
) -> None:
    async with at_terminal(scripted, "chat", "--user", ada) as (terminal, ended):
        model_server.script = lambda _: Reply(text=tuple(f"{n}, " for n in range(10_000)), rate=200)
        try:
            await terminal.shows("> ")
            terminal.type(b"count\n")
            await terminal.shows("3, 4, 5")
            terminal.type(CTRL_C)
            await terminal.shows("> ")
        finally:
            model_server.script = act
        terminal.type(b"hello\n")
        await terminal.shows("You said: hello")
        await terminal.shows("> ")
        terminal.type(CTRL_D)
        assert await ended == 0


@pytest.mark.parametrize(("variables", "dim"), [({}, True), ({"NO_COLOR": "1"}, False)])
async def test_colours_are_for_terminals_that_want_them(
    reflex: Whole, ada: str, variables: dict[str, str], dim: bool
) -> None:
    async with at_terminal(reflex, "tasks", "--user", ada, **variables) as (terminal, ended):
        await terminal.shows("Nothing is on the list")
        await terminal.shows("puts something there.")
        assert await ended == 0
        assert terminal.seen.startswith("\033[0m") is dim
