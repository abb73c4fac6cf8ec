"""`daimon forget`: delete something for good, from the log, SQL and vectors; only its hash stays."""

from __future__ import annotations

import argparse
import sys

from daimon.commands import CommandError
from daimon.connection import Connection
from daimon.terminal import add_json, add_person, on_bus, printable, show_json
from proto import forgetting

TIMEOUT = 600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("event", nargs="?", default="", help="the id of an event, as `daimon events --json` shows it")
    what.add_argument("--conversation", default="", metavar="ID", help="a whole conversation")
    what.add_argument("--everything", action="store_true", help="everything of the user")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_json(parser)
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Delete it, after asking; nothing brings it back."""
    if not arguments.yes and not _agreed(arguments):
        raise CommandError("Nothing was forgotten.")
    return on_bus(_forget, arguments)


async def _forget(connection: Connection, arguments: argparse.Namespace) -> int:
    request = forgetting.Forget(
        event=arguments.event, conversation=arguments.conversation, everything=arguments.everything
    )
    forgotten = await connection.bus.call(forgetting.FORGET, request, caller=connection.caller, timeout=TIMEOUT)
    if arguments.json:
        show_json(forgotten)
    else:
        print(printable(forgotten.sentence))
    return 0


def _agreed(arguments: argparse.Namespace) -> bool:
    if not sys.stdin.isatty():
        raise CommandError("This cannot be taken back; say so with --yes.")
    what = "everything" if arguments.everything else "a conversation" if arguments.conversation else "an event"
    return input(f"Forget {what} of {arguments.user} for good? Type yes: ").strip() == "yes"
