"""`daimon rate`: say what an answer was worth."""

from __future__ import annotations

import argparse

from daimon.connection import Connection
from daimon.terminal import add_person, on_bus
from proto import choices

WORDS = {"up": "good", "down": "bad", "none": "not rated any more"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("turn", help="its id, as `daimon chat --json` and the address of its time on the page have it")
    parser.add_argument("worth", choices=tuple(WORDS))
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Rate it; return 0."""
    return on_bus(_rate, arguments)


async def _rate(connection: Connection, arguments: argparse.Namespace) -> int:
    await connection.call(choices.RATE, choices.Rate(turn=arguments.turn, worth=arguments.worth))
    print(f"The answer is {WORDS[arguments.worth]}.")
    return 0
