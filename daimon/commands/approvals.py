"""`daimon approvals`: what waits for your word, and what happens when the model calls an action."""

from __future__ import annotations

import argparse

from daimon.connection import Connection
from daimon.terminal import add_again, add_json, add_person, on_bus, printable, remark, show_json, table
from proto import approvals
from proto.approvals import ActionRule
from proto.base import Nothing

RULES = ("allow", "ask", "deny", "default")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_json(parser)
    add_person(parser)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    chosen = verbs.add_parser("set", help="choose what happens when the model calls an action")
    chosen.add_argument("action", help="such as tasks.delete")
    chosen.add_argument("rule", choices=RULES, help="default: let it follow from the action's risk")
    for verb, line in (("trust", "count an action's results as trusted"), ("distrust", "count them as others' words")):
        verbs.add_parser(verb, help=line).add_argument("action")
    for verb_parser in verbs.choices.values():
        add_again(verb_parser, "--json", "--home", "--user")


def run(arguments: argparse.Namespace) -> int:
    """Show or choose; return 0."""
    return on_bus(_set if arguments.verb else _show, arguments)


async def _show(connection: Connection, arguments: argparse.Namespace) -> int:
    found = await connection.call(approvals.LIST, Nothing())
    if arguments.json:
        show_json(found)
        return 0
    for question in found.waiting:
        print(printable(f"{question.action} {question.arguments}\n  {question.why}"))
        remark(f"  daimon approve {question.id}   or   daimon deny {question.id}")
    if not found.waiting:
        remark("Nothing waits for your word.")
    print("\n".join(table(("action", "rule", "after others' words", "why"), [_row(rule) for rule in found.rules])))
    return 0


def _row(rule: ActionRule) -> tuple[str, str, str, str]:
    return rule.action, rule.rule, rule.after, "you chose it" if rule.chosen else f"its risk: {rule.risk}"


async def _set(connection: Connection, arguments: argparse.Namespace) -> int:
    if arguments.verb == "set":
        wanted = approvals.SetRule(action=arguments.action, rule=arguments.rule)
    else:
        wanted = approvals.SetRule(action=arguments.action, foreign=arguments.verb == "distrust")
    rule = await connection.call(approvals.SET, wanted)
    if arguments.json:
        show_json(rule)
    elif arguments.verb == "set":
        after = "" if rule.rule == rule.after else f"; {rule.after} once the model has read what others wrote"
        print(f"{rule.action}: {rule.rule}{after}")
    else:
        print(f"The results of {rule.action} {'count as words of others' if rule.foreign else 'are trusted'}.")
    return 0
