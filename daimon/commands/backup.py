"""`daimon backup FILE`: the log, the database and the settings in one file, while everything goes on."""

from __future__ import annotations

import argparse
from pathlib import Path

from daimon import saving
from daimon.catching_up import caught_up
from daimon.commands import CommandError
from daimon.connection import Connection
from daimon.terminal import add_person, on_bus, remark
from daimon.up.errors import UpError
from daimon.up.home import find_home


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("file", type=Path, help="the file to write, such as daimon.tar; it must not exist yet")
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write it; it holds secrets, so only its owner may read it."""
    arguments.file = arguments.file.absolute()
    if arguments.file.exists():
        raise CommandError(f"{arguments.file} exists already; choose another name.")
    if not arguments.file.parent.is_dir():
        raise CommandError(f"There is no directory {arguments.file.parent}.")
    return on_bus(_backup, arguments)


async def _backup(connection: Connection, arguments: argparse.Namespace) -> int:
    try:
        last = await caught_up(connection)
        manifest = await saving.save(connection, find_home(arguments.home), arguments.file, last)
    except (OSError, UpError) as error:
        raise CommandError(f"The backup was not made: {error}") from error
    print(f"Wrote {arguments.file}: everything up to place {manifest.sequence} of the log, and what came meanwhile.")
    print(f"Seal {manifest.seal or '-'}")
    remark("It holds passwords of the bus; keep it private. The sandboxes' files and the models are not in it.")
    return 0
