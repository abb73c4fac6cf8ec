"""`daimon bench`: what Daimon costs on this machine, against what it stands on."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

from daimon.bench.machine import commit, machine
from daimon.bench.report import Figure, report
from daimon.commands import CommandError
from daimon.terminal import add_json, finish, show_json

BENCHES = {
    "boot": "how soon the first page is there, memory and disk",
    "stream": "what an answer loses on its way from the model to the page",
    "turn": "workers killed in the middle of their answers",
    "events": "events to the disk and into SQL, against one by one and bare SQL",
    "do": "from a command to its durable result, with no language model",
    "ghost": "how often what the ghost offers is what comes next, on made-up days",
    "closure": "which packages each service needs, and how large they are",
    "sandbox": "commands in boxes, new boxes, a hundred of them, and much output",
    "search": "search in logs of 10 k events up to --size, against the exact answer and ranked SQL",
    "embed": "texts from the log to their vectors, against the embedding engine by itself",
    "fresh": "how soon what was just written is found, at 5,000 rows a second",
    "ui": "every page's time and bytes, with --size events and --conversations",
    "recall": "how many of the right answers search finds, on a file of conversations with questions (--file)",
}
"""`daimon/bench/<name>.py` is imported only when it runs."""
ROUNDS = 5
SIZE = 100_000
TALKS = 10_000

Bench = Callable[..., Awaitable[dict[str, Figure]]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    lines = "; ".join(f"{name}: {line}" for name, line in BENCHES.items())
    parser.add_argument("bench", choices=BENCHES, help=lines)
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help=f"how often all is measured ({ROUNDS})")
    parser.add_argument("--file", type=Path, metavar="F", help="of recall: conversations in the LoCoMo format")
    parser.add_argument("--size", type=int, default=SIZE, metavar="N", help=f"of search and ui: events ({SIZE})")
    parser.add_argument("--conversations", type=int, default=TALKS, metavar="N", help=f"of ui ({TALKS})")
    parser.add_argument("--plot", type=Path, metavar="F", help="of search: write how it grows as an SVG")
    parser.add_argument(
        "--keep", type=Path, metavar="D", help="of search and ui: keep the log in this folder, and go on with it"
    )
    parser.add_argument("--check", action="store_true", help="exit with 1 when a figure misses its goal")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure in a home of its own; a running Daimon is not touched."""
    try:
        return finish(_measure(arguments))
    except (OSError, EOFError) as error:
        raise CommandError(f"The bench could not finish: {error or 'something did not answer in time'}.") from error


def _options(arguments: argparse.Namespace) -> dict[str, object]:
    """Return what a bench takes beyond rounds."""
    if arguments.bench == "search":
        return {"size": arguments.size, "plot": arguments.plot, "keep": arguments.keep}
    if arguments.bench == "ui":
        return {"events": arguments.size, "conversations": arguments.conversations, "keep": arguments.keep}
    if arguments.bench != "recall":
        return {}
    if arguments.file is None:
        raise CommandError("Say which conversations to ask about: --file FILE, in the LoCoMo format.")
    return {"file": arguments.file}


async def _measure(arguments: argparse.Namespace) -> int:
    bench = cast("Bench", importlib.import_module(f"daimon.bench.{arguments.bench}").run)
    figures = await bench(arguments.rounds, **_options(arguments))
    found = report(arguments.bench, figures, commit=commit(), machine=machine())
    if arguments.json:
        show_json(found)
    else:
        print("\n".join(found.lines()))
    return 1 if arguments.check and not found.ok else 0
