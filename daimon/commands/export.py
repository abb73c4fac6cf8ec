"""`daimon export FILE`: all that is kept of a user, in one archive of JSON lines and files."""

from __future__ import annotations

import argparse
import os
from contextlib import ExitStack
from pathlib import Path

from daimon.commands import CommandError
from daimon.connection import Connection
from daimon.terminal import add_person, on_bus, remark
from services.runtime.archive import archive


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("file", type=Path, help="the archive to write, such as daimon.zip; it must not exist yet")
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write it, readable by nobody else."""
    try:
        os.close(os.open(arguments.file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise CommandError(f"{arguments.file} cannot be written: {error.strerror}.") from error
    with ExitStack() as unless_whole:
        unless_whole.callback(arguments.file.unlink)
        code = on_bus(_export, arguments)
        unless_whole.pop_all()
    return code


async def _export(connection: Connection, arguments: argparse.Namespace) -> int:
    user = connection.caller.user
    with arguments.file.open("wb") as file:
        made = await archive(connection.bus, connection.caller, file)
    for name in made.gone:
        remark(f"The bytes of {name} are gone; the archive has an empty file in their place.")
    print(f"Wrote {made.events} events, {made.tasks} tasks and {made.files} files of {user} to {arguments.file}.")
    return 0
