"""`daimon migrate --dry-run`: what starting this version would change in the database."""

from __future__ import annotations

import argparse
import asyncio
import sys
from asyncio.subprocess import DEVNULL

from daimon.commands import CommandError, add_home
from daimon.terminal import finish
from daimon.units import installed
from daimon.up import home, state
from daimon.up.errors import UpError
from daimon.up.home import Home, socket_directory
from daimon.up.postgres import PostgresServer
from daimon.up.services import CHECKOUT
from daimon.up.unsupervised import running
from services.runtime.settings import PREFIX


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--dry-run", action="store_true", required=True, help="only say what would change")
    add_home(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the steps; `daimon up` or daimon-migrate.service applies them, after a copy of the database."""
    if units := installed.read(home.find_home(arguments.home)):
        return finish(_report(units.database))
    return finish(_look(home.open_home(arguments.home)))


async def _look(opened: Home) -> int:
    with home.locked(opened) as free:
        try:
            return await (_look_stopped(opened) if free else _look_running(opened))
        except UpError as error:
            raise CommandError(str(error)) from error


async def _look_running(opened: Home) -> int:
    run = state.read_running(opened)
    if run is None or not run.database:
        raise CommandError("Daimon is just starting or ending there; try again in a moment.")
    return await _report(run.database)


async def _look_stopped(opened: Home) -> int:
    if not opened.postgres.exists():
        raise CommandError(f"There is no database in {opened.path} yet; `daimon up` makes one.")
    server = PostgresServer(opened.postgres, socket_directory(opened.run) / "postgres", opened.logs / "postgres.log")
    async with running(server):
        return await _report(server.conninfo)


async def _report(database: str) -> int:
    words = (f"{PREFIX}_MEMORY_DATABASE={database}", sys.executable, "-m", "services.memory.schema")
    process = await asyncio.create_subprocess_exec("env", *words, cwd=CHECKOUT, stdin=DEVNULL)
    return await process.wait()
