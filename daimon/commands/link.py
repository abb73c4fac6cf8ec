"""`daimon link`: a one-time link that signs a browser in."""

from __future__ import annotations

import argparse

from daimon.connection import Connection
from daimon.terminal import add_person, on_bus, remark
from proto import accounts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the link."""
    return on_bus(_invite, arguments)


async def _invite(connection: Connection, arguments: argparse.Namespace) -> int:
    link = await connection.call(accounts.INVITE, accounts.Invite(user=arguments.user))
    print(f"{connection.gateway}{link.path}")
    remark(f"It signs {arguments.user} in once, within {link.minutes} minutes.")
    return 0
