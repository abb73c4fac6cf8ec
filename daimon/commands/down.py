"""`daimon down`: stop what `up` started."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from daimon.commands import CommandError, add_home
from daimon.units.look import STOP, refuse_units
from daimon.up import leftovers, stale, state
from daimon.up.home import Home, find_home, socket_directory
from daimon.up.polling import until
from daimon.up.state import State

PATIENCE = 30.0
"""Seconds the services, Postgres and NATS have together to end."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_home(parser)


def run(arguments: argparse.Namespace) -> int:
    """Stop everything of this home, wait until it has ended, and say what it was."""
    home = find_home(arguments.home)
    refuse_units(home, STOP)
    found = state.read(home)
    ended = asyncio.run(_stop(home, found)) if found else []
    sys.stdout.write(f"stopped {', '.join(ended)}\n" if ended else f"nothing of {home.path} was running\n")
    return 0


async def _stop(home: Home, found: State) -> list[str]:
    if found.is_running():
        names = [name for name, child in found.children.items() if child.run and child.run.is_alive()]
        found.up.signal(signal.SIGTERM)
        await _gone(found)
        return names
    ended = await leftovers.end(found)
    return [*ended, *await _postgres(home)]


async def _gone(found: State) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            await until(lambda: not found.is_running())
    except TimeoutError:
        raise CommandError(f"Process {found.up.pid} has not ended after {PATIENCE:.0f} s; see `daimon logs`.") from None


async def _postgres(home: Home) -> list[str]:
    was_there = stale.is_served(home.postgres)
    if was_there:
        await stale.clear(home.postgres, socket_directory(home.run) / "postgres")
    return ["postgres"] if was_there else []
