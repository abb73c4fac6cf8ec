"""`daimon actions`: the menu of everything that runs now."""

from __future__ import annotations

import argparse
import re

from daimon.connection import Connection
from daimon.terminal import add_json, add_person, on_bus, show_json, table
from proto import llm
from proto.base import Nothing
from proto.chat import excerpt


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_json(parser, "print JSON, with the schema of each action's arguments")
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the menu."""
    return on_bus(_show, arguments)


async def _show(connection: Connection, arguments: argparse.Namespace) -> int:
    menu = await connection.call(llm.MENU, Nothing())
    if arguments.json:
        show_json(menu.actions)
        return 0
    rows = [(item.name, item.risk, item.service, first_sentence(item.description)) for item in menu.actions]
    print("\n".join(table(("action", "risk", "service", "what it does"), rows)))
    return 0


def first_sentence(description: str) -> str:
    """Return the first sentence of a description, which may go on for a model's sake."""
    return excerpt(re.split(r"(?<=[.:]) ", description, maxsplit=1)[0].rstrip(".:"))
