"""`daimon do`: one command, done without a conversation around it."""

from __future__ import annotations

import argparse
import sys

import msgspec

from daimon.follow import Plain
from daimon.session import ChatSession
from daimon.terminal import add_json, add_person, finish, printable, show_json
from proto.chat import Ended, Outcome, Returned, ToolUse


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a command, as `--json` prints it."""

    conversation: str
    outcome: Outcome
    answer: str
    error: str = ""
    tools: tuple[ToolUse, ...] = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("text", nargs="+", help='what to do, such as "add buy milk to my list"')
    add_json(parser)
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Have it done; return 0, or 1 when it was not."""
    return finish(_do(arguments))


async def _do(arguments: argparse.Namespace) -> int:
    done = await _command(arguments, " ".join(arguments.text))
    if arguments.json:
        show_json(done)
    elif done.answer:
        print(printable(done.answer))
    if done.error and not arguments.json:
        print(f"daimon: {printable(done.error)}", file=sys.stderr)
    return 0 if done.outcome == "done" else 1


async def _command(arguments: argparse.Namespace, text: str) -> Done:
    plain, answer, tools = Plain(), "", []
    async with ChatSession(user=arguments.user, home=arguments.home) as chat:
        async for part in chat.stream_parts(text, mode="command"):
            answer += plain.take(part)
            if isinstance(part, Returned):
                tools.append(part.tool)
            if isinstance(part, Ended):
                end = part
        return Done(
            conversation=chat.session,
            outcome=end.outcome,
            answer=end.answer or answer,
            error=end.error,
            tools=tuple(tools),
        )
