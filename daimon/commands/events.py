"""`daimon events`: what happened, and with `--follow` what happens."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import aclosing

from daimon.connection import Connection
from daimon.tail import tail
from daimon.terminal import add_as_of, add_json, add_person, clock, on_bus, printable, remark, show_line
from proto import memory
from proto.base import Nothing
from proto.events import Event


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--follow", action="store_true", help="go on with what happens from now on")
    parser.add_argument("--kind", action="append", default=[], help="only this kind, such as task.added or task")
    parser.add_argument("--limit", type=_limit, default=20, metavar="N", help="at most this many of the past (20)")
    add_json(parser, "print each event as a line of JSON")
    add_person(parser)
    add_as_of(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the events, oldest first."""
    return on_bus(_follow if arguments.follow else _past, arguments)


async def _past(connection: Connection, arguments: argparse.Namespace) -> int:
    past = await _recent(connection, arguments)
    for event in past:
        _show(event, as_json=arguments.json)
    if not past and arguments.limit:
        remark("Nothing of that kind has happened yet.")
    return 0


async def _follow(connection: Connection, arguments: argparse.Namespace) -> int:
    """Print the past as SQL has it, then the log from the place up to which SQL had everything."""
    progress = await connection.call(memory.PROGRESS, Nothing())
    past = await _recent(connection, arguments)
    for event in past:
        _show(event, as_json=arguments.json)
    shown = {event.id for event in past}
    async with aclosing(tail(connection.bus, connection.caller.user, progress.sequence)) as log:
        async for recorded in log:
            event = recorded.event
            if event.id not in shown and matches(event.kind, arguments.kind):
                _show(event, as_json=arguments.json)
    return 0


async def _recent(connection: Connection, arguments: argparse.Namespace) -> list[Event]:
    if not arguments.limit:
        return []
    recent = memory.Recent(kinds=tuple(arguments.kind), limit=arguments.limit, as_of=arguments.as_of)
    found = await connection.call(memory.RECENT, recent)
    return list(reversed(found.events))


def _limit(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of events: 0 or more is; 0 shows nothing of the past")
    return int(text)


def matches(kind: str, wanted: Sequence[str]) -> bool:
    """Say whether a kind is one of those, or of one of those nouns; nothing wanted means all."""
    return not wanted or any(kind == name or kind.startswith(f"{name}.") for name in wanted)


def _show(event: Event, *, as_json: bool) -> None:
    if as_json:
        show_line(event)
    else:
        print(line(event), flush=True)


def line(event: Event) -> str:
    """Return an event as one line: when, who, what kind, and its sentence."""
    return printable(f"{clock(event.time)}  {event.actor:<8}  {event.kind:<16}  {event.sentence}")
