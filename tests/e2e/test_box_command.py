"""`daimon box`, as a person uses it: commands, jobs, files, the network, and a terminal with keys and a size."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import struct
import sys
import termios
from collections.abc import AsyncIterator

import pytest

from daimon.up.home import Home
from proto.base import new_id
from tests.support.whole import ROOT, Whole

WITHIN = 60.0


@pytest.fixture
def ada() -> str:
    """A user nobody else in this run has."""
    return f"ada-{new_id()[-12:]}"


async def box(whole: Whole, user: str, *words: str, stdin: str = ""):
    return await whole.daimon("box", *words, "--user", user, stdin=stdin)


async def test_commands_run_in_one_box_and_their_exit_code_is_ours(reflex: Whole, ada: str):
    assert (await box(reflex, ada, "run", "cd /tmp; export A=1")).code == 0
    ran = await box(reflex, ada, "run", "echo $A in $PWD; echo oops >&2; (exit 3)")
    assert (ran.code, ran.out) == (3, "1 in /tmp\n")
    assert "oops" in ran.err


async def test_a_job_is_listed_typed_to_read_and_stopped(reflex: Whole, ada: str):
    started = await box(reflex, ada, "run", "--background", "echo begun; sleep 600")
    job = started.out.split()[1]
    assert f"{job}  running" in (await box(reflex, ada, "jobs")).out
    stopped = await box(reflex, ada, "stop", job)
    assert stopped.out == f"Sent TERM to job {job}\n"
    followed = await box(reflex, ada, "output", "--follow", job)
    assert (followed.code, followed.out) == (124, "begun\n")
    assert (await box(reflex, ada, "output", "nothere")).code == 1


async def test_files_and_network_of_the_box(reflex: Whole, ada: str):
    await box(reflex, ada, "run", "echo hello > greeting")
    assert "/home/box/greeting" in (await box(reflex, ada, "files")).out
    assert (await box(reflex, ada, "read", "greeting")).out == "hello\n"
    assert (await box(reflex, ada, "network", "off")).out == "The network of the box is off (before: on)\n"
    assert "network off" in (await box(reflex, ada)).out
    assert (await box(reflex, ada, "read", "/etc/passwd")).code == 1


class Screen:
    """A terminal with a person at it."""

    def __init__(self, master: int) -> None:
        self._master = master
        self._came = asyncio.Event()
        self.shown = ""
        asyncio.get_running_loop().add_reader(master, self._read)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    async def until(self, text: str) -> None:
        try:
            async with asyncio.timeout(WITHIN):
                while text not in self.shown:
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            raise AssertionError(f"{text!r} was not shown, but {self.shown!r}") from None

    def _read(self) -> None:
        try:
            self.shown += os.read(self._master, 65536).decode(errors="replace")
        except OSError:
            asyncio.get_running_loop().remove_reader(self._master)
        self._came.set()


@contextlib.asynccontextmanager
async def at_a_terminal(home: Home, *words: str) -> AsyncIterator[tuple[Screen, asyncio.subprocess.Process]]:
    """Run `daimon` with a terminal of its own."""
    master, slave = os.openpty()
    screen = Screen(master)
    screen.resize(30, 100)
    # The window counts, and not what another program has left in the environment.
    misleading = {"COLUMNS": "80", "LINES": "24"}
    environment = {**os.environ, **misleading, "DAIMON_HOME": str(home.path), "TERM": "xterm"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "daimon", *words),
        cwd=ROOT,
        env=environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    try:
        yield screen, process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        asyncio.get_running_loop().remove_reader(master)
        os.close(master)


async def test_a_shell_is_a_terminal_into_the_box(reflex: Whole, ada: str):
    await box(reflex, ada, "run", "export COLOUR=red")
    async with at_a_terminal(reflex.home, "box", "shell", "--user", ada) as (screen, process):
        await screen.until("$ ")
        screen.type("echo $COLOUR $(stty size)\r")
        await screen.until("red 30 100")
        screen.resize(40, 120)
        screen.type("until stty size | grep 40; do sleep 0.1; done\r")
        await screen.until("40 120")
        screen.type("echo aslee''p; sleep 600\r")
        await screen.until("asleep")
        screen.type("\x03")
        await screen.until("^C")
        screen.type("echo after-$((6 * 7))\r")
        await screen.until("after-42")
        screen.type("exit 7\r")
        async with asyncio.timeout(WITHIN):
            assert await process.wait() == 7
    typed = await reflex.daimon("events", "--user", ada, "--json")
    assert "Ran `echo $COLOUR $(stty size)` in the terminal" in typed.out


async def test_a_shell_without_a_terminal_says_what_to_do(reflex: Whole, ada: str):
    refused = await box(reflex, ada, "shell")
    assert refused.code == 1
    assert "needs a terminal" in refused.err
