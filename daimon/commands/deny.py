"""`daimon deny`: refuse a call that waits for your word."""

from __future__ import annotations

import argparse

from daimon.connection import Connection
from daimon.terminal import add_person, on_bus, printable
from proto import approvals


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("id", help="as `daimon approvals` lists it")
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Refuse it; return 0."""
    return on_bus(_deny, arguments)


async def _deny(connection: Connection, arguments: argparse.Namespace) -> int:
    settled = await connection.call(approvals.ANSWER, approvals.Answer(id=arguments.id, verdict="deny"))
    print(printable(f"Refused {settled.action}"))
    return 0
