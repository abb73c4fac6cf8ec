"""`daimon search`: find what happened, by words and by meaning."""

from __future__ import annotations

import argparse
from datetime import datetime

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
    parser.add_argument("--actor", default="", metavar="NAME", help="only what this one did: user, model, ghost, …")
    parser.add_argument("--since", type=moment, metavar="TIME", help="only from this time on, such as 2026-11-20 14:05")
    parser.add_argument("--until", type=moment, metavar="TIME", help="only before this time")
    parser.add_argument("--ways", choices=("both", "words", "meaning"), default="both", help="how to search (both)")
    parser.add_argument(
        "--neighbours", type=int, default=0, metavar="N", help="add what stands up to N before and after, 0 to 5"
    )
    parser.add_argument("--more", default="", metavar="TOKEN", help="the next page, as the last one said")
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
        actor=arguments.actor,
        since=arguments.since,
        until=arguments.until,
        ways=arguments.ways,
        neighbours=arguments.neighbours,
        more=arguments.more,
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
        beside = [(one.time, f"    {clock(one.time)}  {one.actor:<8}  {one.sentence}") for one in hit.neighbours]
        for _, shown in sorted([*beside, (hit.time, line(hit))], key=lambda one: one[0]):
            print(printable(shown))
    if not found.hits:
        remark("Nothing was found.")
    if found.note:
        remark(found.note)
    if found.more:
        remark(f"There is more: repeat this with --more {found.more}")


def line(hit: Hit) -> str:
    """Return a hit as one line: when, who, what, and why it was found."""
    return printable(f"{clock(hit.time)}  {hit.actor:<8}  {hit.sentence}  ({', '.join(hit.why)})")


def moment(text: str) -> datetime:
    """Read a time as people write it; by the clock of this machine unless it says otherwise."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time that can be read. Write 2026-11-20, 2026-11-20 14:05 or 2026-11-20T14:05Z."
        ) from None
