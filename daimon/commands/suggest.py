"""`daimon suggest`: what the ghost offers to do next, and having it done."""

from __future__ import annotations

import argparse
from typing import Any

import msgspec

from daimon.connection import Connection
from daimon.terminal import add_again, add_json, add_person, on_bus, printable, remark, show_json
from proto import suggestions
from proto.base import Call, Nothing
from proto.suggestions import Accept, Dismiss, Done, Suggestion, Suggestions, Switch

TIMEOUT = 120.0
"""Seconds to wait until all the steps of a suggestion are done."""
VERBS: dict[str, tuple[str, Call[Any, Done], msgspec.Struct]] = {
    "accept": ("have it done", suggestions.ACCEPT, Accept()),
    "dismiss": ("do not want it; it is not offered again for a while", suggestions.DISMISS, Dismiss()),
    "off": ("make no suggestions", suggestions.SWITCH, Switch(on=False)),
    "on": ("make suggestions again", suggestions.SWITCH, Switch(on=True)),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_json(parser)
    add_person(parser)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    for verb, (line, _, __) in VERBS.items():
        add_again(verbs.add_parser(verb, help=line), "--json", "--home", "--user")


def run(arguments: argparse.Namespace) -> int:
    """Show what is offered, or decide; return 0."""
    return on_bus(_decide if arguments.verb else _show, arguments)


async def _decide(connection: Connection, arguments: argparse.Namespace) -> int:
    _, call, request = VERBS[arguments.verb]
    done = await connection.call(call, request, timeout=TIMEOUT)
    if arguments.json:
        show_json(done)
    else:
        print(printable(done.sentence))
    return 0


async def _show(connection: Connection, arguments: argparse.Namespace) -> int:
    found = await connection.call(suggestions.LIST, Nothing())
    if arguments.json:
        show_json(found)
        return 0
    print("\n".join(map(printable, _offered(found.now))) if found.now else "Nothing is offered at the moment.")
    _learnt(found)
    return 0


def _offered(now: Suggestion) -> list[str]:
    """Return what is offered with its evidence, as lines."""
    if len(now.steps) == 1:
        said = [f"{_sentence(now.steps[0].sentence)}?"]
    else:
        said = ["Go on with this?", *(f"  {place}. {step.sentence}" for place, step in enumerate(now.steps, 1))]
    measured = f"  What this foretold came {now.right} of {now.tries} times."
    return [*said, f"  {now.why}.", measured, "  daimon suggest accept   or   daimon suggest dismiss"]


def _learnt(found: Suggestions) -> None:
    if not found.on:
        remark("Suggestions are off; `daimon suggest on` lets them be made.")
    for habit in found.habits:
        remark(f"{habit.sentence} (foretold {habit.right} of {habit.tries} times).")
    record = found.record
    if record.made:
        remark(
            f"Of {record.made} offers {record.accepted} were accepted, {record.met} came by themselves,"
            f" {record.dismissed} were dismissed and {record.missed} were wrong."
        )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
