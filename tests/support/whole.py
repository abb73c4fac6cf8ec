"""A whole Daimon for end-to-end tests: every service in its own process, in a home of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from daimon.connection import connect
from daimon.up import state
from daimon.up.home import Home
from proto import events, memory
from proto.base import Nothing
from proto.llm import MENU

ROOT = Path(__file__).resolve().parents[2]
WITHIN = 60.0
START = 120.0


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """What a command of the command line did."""

    code: int
    out: str
    err: str


class Whole:
    """One running Daimon."""

    def __init__(self, home: Home) -> None:
        self.home = home

    @property
    def address(self) -> str:
        """Where its pages are."""
        found = state.read_running(self.home)
        assert found is not None
        return found.address

    async def daimon(self, *words: str, stdin: str = "", within: float = WITHIN) -> Ran:
        """Run one `daimon` command to its end."""
        process = await self.start("-m", "daimon", *words)
        async with asyncio.timeout(within):
            out, err = await process.communicate(stdin.encode())
        return Ran(code=process.returncode or 0, out=out.decode(), err=err.decode())

    async def start(self, *words: str) -> Process:
        """Start a Python program that finds this home by itself, with pipes to it."""
        environment = {**os.environ, "DAIMON_HOME": str(self.home.path), "PYTHONUNBUFFERED": "1"}
        return await asyncio.create_subprocess_exec(
            sys.executable, *words, cwd=ROOT, env=environment, stdin=PIPE, stdout=PIPE, stderr=PIPE
        )

    async def menu_stands(self) -> None:
        """Wait until the actions of every service are in the menu."""
        async with asyncio.timeout(WITHIN), connect(self.home.path, "owner") as connection:
            while True:
                menu = await connection.call(MENU, Nothing())
                if {"tasks", "memory", "sandbox"} <= {action.service for action in menu.actions}:
                    return
                await asyncio.sleep(0.02)

    async def caught_up(self) -> None:
        """Wait until memory has every event so far, with its vector."""
        async with asyncio.timeout(WITHIN), connect(self.home.path, "owner") as connection:
            last = await connection.bus.journal.last(events.ALL)
            while True:
                progress = await connection.call(memory.PROGRESS, Nothing())
                if progress.sequence >= (last.sequence if last else 0) and not progress.waiting:
                    return
                await asyncio.sleep(0.02)


@asynccontextmanager
async def whole_daimon(directory: Path, model_server: str = "off", more: str = "", **llm: str) -> AsyncIterator[Whole]:
    """Run `daimon up` in a fresh home, with this model server, these settings of llm and more in TOML."""
    home = Home(path=directory)
    chosen = {"ollama": model_server, **llm}
    home.overrides.write_text("[llm]\n" + "".join(f'{name} = "{value}"\n' for name, value in chosen.items()) + more)
    whole = Whole(home)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "daimon", "up", "--home", str(directory), "--port", "0",
        cwd=ROOT, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START):
            line = await process.stdout.readline()
        assert line.startswith(b"ready "), f"daimon up did not get ready; see {home.logs}"
        await whole.menu_stands()
        yield whole
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def line_of(process: Process) -> str:
    """Wait for the next line a program prints."""
    assert process.stdout is not None
    async with asyncio.timeout(WITHIN):
        return (await process.stdout.readline()).decode().rstrip("\n")


async def end(process: Process) -> None:
    """End a program that a test started."""
    if process.returncode is None:
        process.kill()
    await process.wait()
