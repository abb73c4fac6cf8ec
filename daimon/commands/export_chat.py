"""`daimon export-chat`: write a conversation down as Markdown or JSON."""

from __future__ import annotations

import argparse
from pathlib import Path

from daimon.commands import CommandError
from daimon.session import ChatSession
from daimon.terminal import add_json, add_person, finish, remark
from proto.titles import Exported


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("conversation", help="its id, which stands in the address of its page")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write it to a file that is not there yet")
    add_json(parser, "as JSON, with every version of every turn, instead of Markdown")
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write it to the file, or print it."""
    return finish(_export(arguments))


async def _export(arguments: argparse.Namespace) -> int:
    async with ChatSession(user=arguments.user, session=arguments.conversation, home=arguments.home) as chat:
        found = await chat.export("json" if arguments.json else "markdown")
    if arguments.output is None:
        print(found.text, end="")
    else:
        _write(arguments.output, found)
    return 0


def _write(path: Path, found: Exported) -> None:
    try:
        with path.open("x") as file:
            file.write(found.text)
    except FileExistsError as error:
        raise CommandError(f"{path} is there already; choose another name.") from error
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
    remark(f"Written to {path}.")
