"""`daimon versions`: the questions of a conversation, the versions there are of each, and which of them is read."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import msgspec

from daimon.commands import CommandError
from daimon.session import ChatSession
from daimon.terminal import add_json, add_person, finish, remark, show_json, table
from proto.chat import Exchange

SHOWN = 60
"""Characters of a question or an answer in the list."""


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """Of a conversation written down: every version of every turn."""

    exchanges: tuple[Exchange, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("conversation", help="its id, which stands in the address of its page")
    parser.add_argument("question", nargs="?", type=int, help="the number of a question, as the list has it")
    wanted = parser.add_mutually_exclusive_group()
    wanted.add_argument("version", nargs="?", type=int, help="read this version of it, and go on from there")
    wanted.add_argument("--branch", action="store_true", help="let the next message follow it, in a branch of its own")
    add_json(parser)
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """List them, or turn to one."""
    if arguments.question is not None and arguments.version is None and not arguments.branch:
        raise CommandError("Say which version of it is to be read, as the list counts them, or --branch.")
    return finish(_versions(arguments))


async def _versions(arguments: argparse.Namespace) -> int:
    async with ChatSession(user=arguments.user, session=arguments.conversation, home=arguments.home) as chat:
        if arguments.question is not None:
            turn = chosen(await chat.history(), arguments.question, arguments.version)
            await chat.select(turn, end=arguments.branch)
            remark("The next message follows that question." if arguments.branch else "That version is read now.")
        read = await chat.history()
        every = msgspec.json.decode((await chat.export("json")).text, type=Written).exchanges
    if arguments.json:
        show_json(read)
    else:
        print("\n".join(table(("", "question", "version", "asked", "answered"), rows(read, every))))
    return 0


def chosen(read: Sequence[Exchange], question: int, version: int | None) -> str:
    """Return the turn that is meant by the number of a question, and of one of its versions; raises CommandError."""
    if not 0 < question <= len(read):
        raise CommandError(f"There is no question {question}; this conversation has {len(read)}.")
    exchange = read[question - 1]
    if version is None:
        return exchange.turn
    there = exchange.versions or (exchange.turn,)
    if not 0 < version <= len(there):
        raise CommandError(f"There is no version {version} of question {question}; it has {len(there)}.")
    return there[version - 1]


def rows(read: Sequence[Exchange], every: Sequence[Exchange]) -> list[tuple[str, int, str, str, str]]:
    """Return a line for each version of the questions that are read now; a mark is before the one that is read."""
    known = {exchange.turn: exchange for exchange in every}
    return [
        (">" if turn == one.turn else "", number, f"{place}/{len(there)}", *_said(known[turn]))
        for number, one in enumerate(read, start=1)
        for there in [one.versions or (one.turn,)]
        for place, turn in enumerate(there, start=1)
    ]


def _said(exchange: Exchange) -> tuple[str, str]:
    return _short(exchange.asked), _short(exchange.answer or exchange.error)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
