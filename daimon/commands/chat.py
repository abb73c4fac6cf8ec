"""`daimon chat`: say something and see the answer as it is written, once or in a conversation."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing

from daimon.asking import Prompt
from daimon.commands import CommandError
from daimon.connection import Connection
from daimon.follow import Plain
from daimon.links import Unlinked
from daimon.session import Again, ChatSession
from daimon.talking import talk
from daimon.terminal import (
    add_as_of,
    add_json,
    add_person,
    clock,
    finish,
    on_bus,
    printable,
    remark,
    show_json,
    show_line,
)
from daimon.whole import read_whole
from proto.base import new_id
from proto.chat import Calling, Ended, Outcome, Part, Returned
from proto.seen import Seen

STOPPED = 130
"""The exit code of a command that Ctrl-C ended."""
CODES: dict[Outcome, int] = {"done": 0, "stopped": STOPPED, "failed": 1, "replaced": STOPPED}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("text", nargs="*", help="what to say; without it you are asked line by line")
    parser.add_argument("--conversation", default="", metavar="ID", help="go on in this conversation")
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--regenerate", action="store_true", help="ask the last question again for another answer")
    again.add_argument("--continue", dest="go_on", action="store_true", help="let an answer that was cut go on")
    again.add_argument("--edit", type=int, metavar="N", help="ask the N-th question in other words; -1 is the last one")
    again.add_argument("--seen", metavar="TURN", help="show what the model was sent in a turn; `last` is the last one")
    parser.add_argument("--step", type=int, default=0, metavar="N", help="with --seen: which call of the model")
    again.add_argument("--title", metavar="TITLE", help="give the conversation a name")
    again.add_argument("--unfold", action="store_true", help="take back the last summary of what was said")
    add_json(parser, "print each part of the answer as a line of JSON")
    add_person(parser)
    add_as_of(parser)


def run(arguments: argparse.Namespace) -> int:
    """Say it; return 0, 1 when it failed, 130 when it was stopped."""
    text = " ".join(arguments.text)
    if arguments.seen or arguments.title or arguments.unfold:
        return finish(_look_at(arguments))
    if arguments.regenerate or arguments.go_on or arguments.edit is not None:
        return _again(arguments, text)
    if arguments.as_of:
        return _read(arguments, text)
    is_new = not arguments.conversation
    arguments.conversation = arguments.conversation or new_id()
    if not text and sys.stdin.isatty():
        return _talk(arguments)
    code = finish(_say(arguments, text or sys.stdin.read()))
    if is_new and sys.stdout.isatty():
        _tell_conversation(arguments)
    return code


def _read(arguments: argparse.Namespace, text: str) -> int:
    if text or not arguments.conversation:
        raise CommandError("A conversation as it was is read with `--conversation ID --as-of TIME`, and no text.")
    return on_bus(_show_past, arguments)


async def _show_past(connection: Connection, arguments: argparse.Namespace) -> int:
    found = await read_whole(connection, arguments.conversation, arguments.as_of)
    if arguments.json:
        show_json(found)
        return 0
    for exchange in found.exchanges:
        words = Unlinked()
        answer = words.take(exchange.answer) + words.rest() or exchange.error
        print(printable(f"{clock(exchange.time)}  > {exchange.asked}\n{answer}\n"))
    if not found.exchanges:
        remark("Nothing had been said in it by then.")
    return 0


async def _look_at(arguments: argparse.Namespace) -> int:
    _need_conversation(arguments)
    async with _open(arguments) as chat:
        if arguments.title:
            remark(f"It is called '{printable(await chat.rename(arguments.title))}' now.")
            return 0
        if arguments.unfold:
            await chat.unfold()
            remark("The summary is taken back; the model is told what was said, as long as there is room.")
            return 0
        turn = "" if arguments.seen == "last" else arguments.seen
        found = await chat.seen(turn, step=arguments.step)
    if arguments.json:
        show_line(found)
    else:
        print(printable(transcript(found)))
    return 0


def transcript(found: Seen) -> str:
    """What the model was sent, to read."""
    lines = [f"# {found.model}, step {found.step} of {found.steps}, {found.tokens} of {found.context} tokens"]
    for message in found.messages:
        lines += [f"\n## {message.role}{f' · {message.name}' if message.name else ''}", message.content]
        lines += [f"{call.action} {call.arguments}" for call in message.calls]
    return "\n".join([*lines, f"\n## Actions offered: {', '.join(tool.name for tool in found.tools) or 'none'}"])


def _need_conversation(arguments: argparse.Namespace) -> None:
    if not arguments.conversation:
        raise CommandError("Say in which conversation, with `--conversation ID`; `daimon events` shows where you were.")


def _again(arguments: argparse.Namespace, text: str) -> int:
    _need_conversation(arguments)
    way: Again = "regenerate" if arguments.regenerate else "continue" if arguments.go_on else "edit"
    if text and way != "edit":
        raise CommandError(f"`--{way}` takes no text: it asks the last question again as it was.")
    return finish(_revise(arguments, way, text))


async def _revise(arguments: argparse.Namespace, way: Again, text: str) -> int:
    async with _open(arguments) as chat:
        turn = await _turn(chat, arguments.edit) if way == "edit" else ""
        return await _follow(arguments, chat, chat.revise_parts(way, turn=turn, text=text))


async def _turn(chat: ChatSession, number: int) -> str:
    """The turn with a number, counted from 1, or from the end."""
    turns = [exchange.turn for exchange in await chat.history()]
    if number == 0 or abs(number) > len(turns):
        raise CommandError(f"There is no question {number}; this conversation has {len(turns)}.")
    return turns[number - 1 if number > 0 else number]


def _talk(arguments: argparse.Namespace) -> int:
    talk(arguments, lambda text: finish(_say(arguments, text)))
    _tell_conversation(arguments)
    return 0


def _tell_conversation(arguments: argparse.Namespace) -> None:
    remark(f"Go on with: daimon chat --conversation {arguments.conversation} …")


async def _say(arguments: argparse.Namespace, text: str) -> int:
    async with _open(arguments) as chat:
        return await _follow(arguments, chat, chat.stream_parts(text))


def _open(arguments: argparse.Namespace) -> ChatSession:
    return ChatSession(user=arguments.user, session=arguments.conversation, home=arguments.home)


async def _follow(arguments: argparse.Namespace, chat: ChatSession, turn: AsyncGenerator[Part, None]) -> int:
    """Show a turn as it is written; Ctrl-C stops it."""
    prompt = Prompt(chat.answer)
    try:
        async with aclosing(turn) as parts:
            return CODES[await (_show_lines(parts) if arguments.json else _show(parts, prompt))]
    except asyncio.CancelledError:
        print()
        prompt.close()
        await chat.stop()
        return STOPPED


async def _show_lines(parts: AsyncGenerator[Part, None]) -> Outcome:
    outcome: Outcome = "failed"
    async for part in parts:
        show_line(part)
        if isinstance(part, Ended):
            outcome = part.outcome
    return outcome


async def _show(parts: AsyncGenerator[Part, None], prompt: Prompt) -> Outcome:
    plain, words = Plain(), Unlinked()
    outcome: Outcome = "failed"
    async for part in parts:
        print(printable(words.take(plain.take(part))), end="", flush=True)
        prompt.take(part)
        if isinstance(part, Calling | Returned):
            _show_tool(part)
        if isinstance(part, Ended):
            outcome = part.outcome
            print(printable(words.rest()))
            _show_end(part)
    return outcome


def _show_tool(part: Calling | Returned) -> None:
    if not sys.stderr.isatty():
        return
    tool = part.tool
    if isinstance(part, Calling):
        remark(f"… {tool.remark}" if tool.remark else f"→ {tool.action} {tool.arguments}")
    elif not tool.ok:
        remark(f"✗ {tool.action}: {tool.result}")


def _show_end(part: Ended) -> None:
    if part.outcome == "failed":
        print(f"daimon: {printable(part.error)}", file=sys.stderr)
    elif part.outcome == "stopped":
        remark("Stopped.")
    elif part.outcome == "replaced":
        remark("A newer message took its place.")
