"""`daimon import FILE`: the conversations of an export, of Daimon or of another program."""

from __future__ import annotations

import argparse
from pathlib import Path

from daimon.connection import Connection
from daimon.terminal import add_json, add_person, on_bus, printable, show_json
from daimon.uploading import lent
from proto import imports

SECONDS = 600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "file",
        type=Path,
        help="conversations.json of ChatGPT or its archive, Open WebUI's or LibreChat's export, Daimon's own",
    )
    add_json(parser)
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Import it; what was imported before is recognised."""
    return on_bus(_import, arguments)


async def _import(connection: Connection, arguments: argparse.Namespace) -> int:
    async with lent(connection, arguments.file, limit=imports.FILE_LIMIT) as sha256:
        wanted = imports.ImportFile(file=sha256, name=arguments.file.name)
        imported = await connection.call(imports.IMPORT, wanted, timeout=SECONDS)
    if arguments.json:
        show_json(imported)
    else:
        print(printable(imported.sentence))
    return 0
