"""What a bench starts: a whole Daimon in a home of its own, and a scripted model server."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from daimon.bench.machine import ROOT
from daimon.up import ports, state
from daimon.up.errors import ChildFailed
from daimon.up.home import Home
from daimon.up.state import State

START = 120.0
"""Seconds a start may take: the first one makes a database."""
STOP = 30.0


class System:
    """One run of `daimon up`."""

    def __init__(self, home: Home, process: Process) -> None:
        self.home = home
        self._process = process

    async def ready(self) -> None:
        """Wait until it says so; raises ChildFailed."""
        await _first_line(self._process)

    @property
    def state(self) -> State:
        """What was started, and where."""
        found = state.read_running(self.home)
        if found is None:
            raise ChildFailed("The Daimon under test has ended.")
        return found

    @property
    def address(self) -> str:
        """Where its pages are."""
        return self.state.address


@asynccontextmanager
async def fresh_home(model_server: str = "off") -> AsyncIterator[Home]:
    """Make a home in a temporary directory, for a Daimon that uses this model server."""
    with tempfile.TemporaryDirectory(prefix="daimon-bench-", ignore_cleanup_errors=True) as directory:
        home = Home(path=Path(directory) / "home")
        home.path.mkdir(mode=0o700)
        home.overrides.write_text(f'[llm]\nollama = "{model_server}"\n')
        yield home


@asynccontextmanager
async def kept_home(directory: Path | None, model_server: str) -> AsyncIterator[Home]:
    """Use the home in a directory, made where it is not there yet; a fresh one where no directory is named."""
    if directory is None:
        async with fresh_home(model_server) as home:
            yield home
        return
    yield _home(directory, model_server)


@asynccontextmanager
async def starting(home: Home, port: int = 0) -> AsyncIterator[System]:
    """Run `daimon up` as a user does; end it at the end."""
    words = ("-m", "daimon", "up", "--home", str(home.path), "--port", str(port))
    async with _program(*words) as process:
        yield System(home, process)


@asynccontextmanager
async def up(home: Home) -> AsyncIterator[System]:
    """Run `daimon up` from the moment it is ready."""
    async with starting(home) as system:
        await system.ready()
        yield system


@asynccontextmanager
async def model_server(*, rate: float, tokens: int, port: int = 0, stamped: bool = False) -> AsyncIterator[str]:
    """Run the scripted model server in a process of its own; yields its address."""
    words = ["-m", "tests.fakes.ollama", "--port", str(port), "--rate", str(rate), "--tokens", str(tokens)]
    words += ["--stamped"] if stamped else []
    async with _program(*words) as process:
        yield await _first_line(process)


def free_port() -> int:
    """Return a port that nobody listens on."""
    return ports.free(0)


def _home(directory: Path, model_server: str) -> Home:
    home = Home(path=directory.absolute())
    home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.overrides.write_text(f'[llm]\nollama = "{model_server}"\n')
    return home


@asynccontextmanager
async def _program(*words: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=ROOT, stdout=PIPE, stderr=DEVNULL)
    try:
        yield process
    finally:
        await _end(process)


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP):
            await process.wait()
    except TimeoutError:
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()


async def _first_line(process: Process) -> str:
    assert process.stdout is not None  # noqa: S101 - it was started with a pipe
    async with asyncio.timeout(START):
        line = await process.stdout.readline()
    if not line:
        raise ChildFailed("A program of the bench ended before it was ready; run it by hand to see why.")
    return line.decode().strip()
