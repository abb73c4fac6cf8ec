"""`daimon redo`: do again what was undone last."""

from __future__ import annotations

import argparse

from daimon.commands.undo import show
from daimon.connection import Connection
from daimon.terminal import add_json, add_person, on_bus
from proto import undo


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--count", type=int, default=1, metavar="N", help="the last N that were undone")
    add_json(parser)
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Do it again, and say what."""
    return on_bus(_redo, arguments)


async def _redo(connection: Connection, arguments: argparse.Namespace) -> int:
    redone = await connection.call(undo.REDO, undo.Redo(count=arguments.count))
    return show(redone, arguments)
