"""`daimon search`: find what happened, by words and by meaning."""

from __future__ import annotations

import argparse

from daimon.connection import Connection
from daimon.terminal import add_json, add_person, clock, on_bus, printable, remark, show_json
from proto import memory
from proto.memory import Hit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("query", nargs="+", help="what to look for")
    parser.add_argument(
        "--kind", action="append", default=[], metavar="KIND", help="only this kind, such as task.added"
    )
    parser.add_argument("--conversation", default="", metavar="ID", help="only this conversation")
    parser.add_argument("--limit", type=int, default=10, metavar="N", help="at most this many (10)")
    add_json(parser)
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print what was found; return 1 when that is nothing, as grep does."""
    return on_bus(_search, arguments)


async def _search(connection: Connection, arguments: argparse.Namespace) -> int:
    search = memory.Search(
        query=" ".join(arguments.query),
        kinds=tuple(arguments.kind),
        conversation=arguments.conversation,
        limit=arguments.limit,
    )
    found = await connection.call(memory.SEARCH, search)
    if arguments.json:
        show_json(found)
    else:
        _show(found)
    return 0 if found.hits else 1


def _show(found: memory.Hits) -> None:
    for hit in found.hits:
        print(line(hit))
    if not found.hits:
        remark("Nothing was found.")
    if found.note:
        remark(found.note)


def line(hit: Hit) -> str:
    """Return a hit as one line: when, who, what, and why it was found."""
    return printable(f"{clock(hit.time)}  {hit.actor:<8}  {hit.sentence}  ({', '.join(hit.why)})")
