"""`daimon instructions`: what the model is instructed to do, in versions that can be compared."""

from __future__ import annotations

import argparse
import sys
from typing import get_args

from daimon.connection import Connection
from daimon.terminal import add_again, add_json, add_person, on_bus, printable, show_json, table
from proto import choices
from proto.base import Nothing
from proto.chat import excerpt
from proto.choices import Job, Version

JOBS = get_args(Job)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_json(parser)
    add_person(parser)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    for verb, line in (
        ("show", "print the text that is in use"),
        ("edit", "write a new version, and use it"),
        ("history", "list the versions"),
        ("use", "go back to a version, or on to one"),
    ):
        verbs.add_parser(verb, help=line).add_argument("job", choices=JOBS)
    verbs.choices["edit"].add_argument("text", nargs="*", help="the new text; without it, standard input is read")
    verbs.choices["use"].add_argument("number", type=int, help="0 is the text that Daimon comes with")
    verbs.add_parser("stats", help="compare the versions by what came of their answers")
    for verb_parser in verbs.choices.values():
        add_again(verb_parser, "--json", "--home", "--user")


def run(arguments: argparse.Namespace) -> int:
    """Do it; return 0."""
    work = {"edit": _edit, "use": _use, "stats": _stats}.get(arguments.verb or "", _show)
    return on_bus(work, arguments)


async def _show(connection: Connection, arguments: argparse.Namespace) -> int:
    found = (await connection.call(choices.INSTRUCTIONS, Nothing())).versions
    wanted = [version for version in found if arguments.verb is None or version.job == arguments.job]
    if arguments.verb != "history":
        wanted = [version for version in wanted if version.used]
    if arguments.json:
        show_json(wanted)
    elif arguments.verb == "show":
        print(printable(wanted[0].text))
    else:
        rows = [(each.job, each.number, "in use" if each.used else "", excerpt(each.text)) for each in wanted]
        print("\n".join(table(("instruction", "version", "", "text"), rows)))
    return 0


async def _edit(connection: Connection, arguments: argparse.Namespace) -> int:
    text = " ".join(arguments.text) or sys.stdin.read()
    version = await connection.call(choices.EDIT, choices.EditInstruction(job=arguments.job, text=text))
    return _tell(version, arguments)


async def _use(connection: Connection, arguments: argparse.Namespace) -> int:
    version = await connection.call(choices.USE, choices.UseInstruction(job=arguments.job, number=arguments.number))
    return _tell(version, arguments)


def _tell(version: Version, arguments: argparse.Namespace) -> int:
    if arguments.json:
        show_json(version)
    else:
        print(f"Version {version.number} of the {version.job} instruction is in use.")
    return 0


async def _stats(connection: Connection, arguments: argparse.Namespace) -> int:
    found = await connection.call(choices.COUNTS, Nothing())
    if arguments.json:
        show_json(found)
        return 0
    rows = [
        (each.job, each.number, each.answers, each.up, each.down, each.failed, each.steps, each.tokens)
        for each in found.counts
    ]
    print("\n".join(table(("instruction", "version", "answers", "up", "down", "failed", "steps", "tokens"), rows)))
    return 0
