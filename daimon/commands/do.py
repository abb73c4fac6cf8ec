"""`daimon do`: one command, done without a conversation around it."""

from __future__ import annotations

import argparse
import sys

import msgspec

from daimon.asking import Prompt
from daimon.follow import Plain
from daimon.links import unlinked
from daimon.session import ChatSession
from daimon.terminal import add_json, add_person, finish, printable, show_json
from proto.chat import Ended, Outcome, Returned, Started, ToolUse

REFLEX = "reflex"
"""What answers where there is no model; without an action it has done nothing."""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a command, as `--json` prints it."""

    conversation: str
    outcome: Outcome
    answer: str
    error: str = ""
    tools: tuple[ToolUse, ...] = ()
    model: str = ""

    @property
    def success(self) -> bool:
        """Whether something was done and the last of it worked; a model may also just have answered."""
        if self.outcome != "done":
            return False
        return _worked(self.tools[-1]) if self.tools else self.model != REFLEX


class _Ran(msgspec.Struct, frozen=True, kw_only=True):
    exit_code: int | None = None


def _worked(tool: ToolUse) -> bool:
    """Whether the action did what it should; one that ran a program answers well also when the program failed."""
    try:
        ran = msgspec.json.decode(tool.result, type=_Ran)
    except msgspec.DecodeError:
        ran = _Ran()
    return bool(tool.ok) and not ran.exit_code


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
        print(printable(unlinked(done.answer)).rstrip())
    if done.error and not arguments.json:
        print(f"daimon: {printable(done.error)}", file=sys.stderr)
    return 0 if done.success else 1


async def _command(arguments: argparse.Namespace, text: str) -> Done:
    plain, answer, tools, model = Plain(), "", [], ""
    async with ChatSession(user=arguments.user, home=arguments.home) as chat:
        prompt = Prompt(chat.answer)
        async for part in chat.stream_parts(text, mode="command"):
            answer += plain.take(part)
            prompt.take(part)
            match part:
                case Started():
                    model = part.model
                case Returned():
                    tools.append(part.tool)
                case Ended():
                    end = part
        return Done(
            conversation=chat.session,
            outcome=end.outcome,
            answer=end.answer or answer,
            error=end.error,
            tools=tuple(tools),
            model=model,
        )
