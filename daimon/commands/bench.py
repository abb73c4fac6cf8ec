"""`daimon bench`: what Daimon costs on this machine, against what it stands on."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Awaitable, Callable
from typing import cast

from daimon.bench.machine import commit, machine
from daimon.bench.report import Figure, report
from daimon.commands import CommandError
from daimon.terminal import add_json, finish, show_json

BENCHES = {
    "boot": "how soon the first page is there, memory and disk",
    "stream": "what an answer loses on its way from the model to the page",
    "do": "from a command to its durable result, with no language model",
}
"""`daimon/bench/<name>.py` is imported only when it runs."""
ROUNDS = 5

Bench = Callable[[int], Awaitable[dict[str, Figure]]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    lines = "; ".join(f"{name}: {line}" for name, line in BENCHES.items())
    parser.add_argument("bench", choices=BENCHES, help=lines)
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help=f"how often all is measured ({ROUNDS})")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a figure misses its goal")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure in a home of its own; a running Daimon is not touched."""
    try:
        return finish(_measure(arguments))
    except (OSError, EOFError) as error:
        raise CommandError(f"The bench could not finish: {error or 'something did not answer in time'}.") from error


async def _measure(arguments: argparse.Namespace) -> int:
    bench = cast("Bench", importlib.import_module(f"daimon.bench.{arguments.bench}").run)
    found = report(arguments.bench, await bench(arguments.rounds), commit=commit(), machine=machine())
    if arguments.json:
        show_json(found)
    else:
        print("\n".join(found.lines()))
    return 1 if arguments.check and not found.ok else 0
