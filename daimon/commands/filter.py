"""`daimon filter`: what is held back from answers before they are shown, and from actions before they run."""

from __future__ import annotations

import argparse

from daimon.connection import Connection
from daimon.terminal import add_again, add_json, add_person, on_bus, remark, show_json, table
from proto import choices
from proto.base import Nothing
from proto.choices import Filter, Pattern
from proto.errors import Missing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_json(parser)
    add_person(parser)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    added = verbs.add_parser("add", help="hold words back, however they are capitalised")
    added.add_argument("name", help="what is shown in their place")
    added.add_argument("words", nargs="+", help="what is held back")
    verbs.add_parser("remove", help="hold them back no more").add_argument("name")
    for verb in verbs.choices.values():
        add_again(verb, "--json", "--home", "--user")


def run(arguments: argparse.Namespace) -> int:
    """Show or choose; return 0."""
    return on_bus(_filter, arguments)


async def _filter(connection: Connection, arguments: argparse.Namespace) -> int:
    found = await connection.call(choices.FILTER, Nothing())
    if arguments.verb:
        if arguments.verb == "remove" and arguments.name not in {pattern.name for pattern in found.patterns}:
            raise Missing(f"Nothing is held back under '{arguments.name}'; `daimon filter` lists what is.")
        kept = tuple(pattern for pattern in found.patterns if pattern.name != arguments.name)
        words = " ".join(arguments.words) if arguments.verb == "add" else ""
        added = (Pattern(name=arguments.name, words=words),) if words else ()
        found = await connection.call(choices.SET_FILTER, Filter(patterns=(*kept, *added)))
    if arguments.json:
        show_json(found)
    elif found.patterns:
        rows = [(pattern.name, pattern.words) for pattern in found.patterns]
        print("\n".join(table(("shown instead", "words held back"), rows)))
    else:
        remark("The content filter is off.")
    return 0
