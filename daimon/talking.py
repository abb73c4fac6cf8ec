"""Talking at the terminal, line by line, with what happens meanwhile told above the line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator

from daimon.commands import CommandError
from daimon.commands.suggest import TIMEOUT
from daimon.connection import Connection
from daimon.meanwhile import Meanwhile, Typing
from daimon.terminal import on_bus, remark
from proto import suggestions
from proto.suggestions import Accept, Dismiss

WORDS = ("/accept", "/dismiss")
"""What is said to the ghost instead of to the model."""


def talk(arguments: argparse.Namespace, say: Callable[[str], int]) -> None:
    """Ask for lines until Ctrl-D, and say each."""
    import readline  # noqa: F401, PLC0415 - gives input() its keys, and changes the terminal, so only here

    remark("Ctrl-C stops an answer, Ctrl-D leaves.")
    typing = Typing()
    with Meanwhile(arguments.home, arguments.user, arguments.conversation, typing.tell):
        for text in _lines(typing):
            try:
                if text in WORDS:
                    arguments.word = text
                    on_bus(_decide, arguments)
                else:
                    say(text)
            except CommandError as error:
                print(f"daimon: {error}", file=sys.stderr)


async def _decide(connection: Connection, arguments: argparse.Namespace) -> int:
    if arguments.word == "/accept":
        done = await connection.call(suggestions.ACCEPT, Accept(), timeout=TIMEOUT)
    else:
        done = await connection.call(suggestions.DISMISS, Dismiss())
    remark(done.sentence)
    return 0


def _lines(typing: Typing) -> Iterator[str]:
    while True:
        try:
            text = typing.line("> ").strip()
        except EOFError:
            print()
            return
        except KeyboardInterrupt:
            print()
            continue
        if text:
            yield text
