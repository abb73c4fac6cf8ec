"""`daimon approve`: let a call run that waits for your word."""

from __future__ import annotations

import argparse

from daimon.connection import Connection
from daimon.terminal import add_person, on_bus, printable
from proto import approvals


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("id", help="as `daimon approvals` lists it")
    parser.add_argument("--edit", default="", metavar="JSON", help="run it with these arguments instead")
    parser.add_argument("--always", action="store_true", help="and do not ask again for this action")
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Allow it; return 0."""
    return on_bus(_approve, arguments)


async def _approve(connection: Connection, arguments: argparse.Namespace) -> int:
    answer = approvals.Answer(id=arguments.id, verdict="allow", arguments=arguments.edit, always=arguments.always)
    settled = await connection.call(approvals.ANSWER, answer)
    print(printable(f"Allowed {settled.action} {settled.arguments}"))
    return 0
