"""What the commands share: their arguments, their way onto the bus, and how things look in a terminal."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from daimon.commands import CommandError, add_home
from daimon.connection import OWNER, Connection, connect
from proto import errors
from proto.memory import Cell
from proto.moments import NOW, moment
from services.runtime import settings

Work = Callable[[Connection, argparse.Namespace], Awaitable[int]]
_DIM, _PLAIN = "\033[2m", "\033[0m"


def add_person(parser: argparse.ArgumentParser) -> None:
    """Add `--home` and `--user`."""
    add_home(parser)
    parser.add_argument("--user", default=OWNER, metavar="NAME", help=f"on whose behalf ({OWNER})")


def add_json(parser: argparse._ActionsContainer, form: str = "print JSON") -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help=form)


def add_as_of(parser: argparse.ArgumentParser) -> None:
    """Add `--as-of`, a moment of the past."""
    parser.add_argument(
        "--as-of",
        default="",
        metavar="TIME",
        type=_moment,
        help="as it was then: 2026-11-20 14:05, 2026-11-20T14:05Z, 2026-11-20, 14:05, or an event's place in the log",
    )


def _moment(text: str) -> str:
    """Read a time by the clock on this wall, and write it so that any other clock reads the same."""
    if not text:
        return ""
    try:
        then = moment(text)
    except errors.Invalid as invalid:
        raise argparse.ArgumentTypeError(invalid.message) from invalid
    return text.strip() if then.sequence < NOW.sequence else then.time.isoformat()


def add_again(verb: argparse.ArgumentParser, *names: str) -> None:
    """Let options of the whole command stand behind its verb too, without overriding what stood before it."""
    kinds: dict[str, dict[str, Any]] = {
        "--json": {"action": "store_true"},
        "--home": {"type": Path},
        "--as-of": {"type": _moment},
    }
    for name in names:
        verb.add_argument(name, default=argparse.SUPPRESS, help=argparse.SUPPRESS, **kinds.get(name, {}))


def on_bus(work: Work, arguments: argparse.Namespace, conversation: str = "") -> int:
    """Do something on the bus and return its exit code; a Failure becomes the command's error."""

    async def joined() -> int:
        async with connect(arguments.home, arguments.user, conversation) as connection:
            return await work(connection, arguments)

    return finish(joined())


def finish(work: Coroutine[None, None, int]) -> int:
    """Run a coroutine to its exit code; what a person can put right becomes the command's error."""
    try:
        return asyncio.run(work)
    except errors.Failure as failure:
        raise CommandError(failure.message) from failure
    except settings.SettingsError as error:
        raise CommandError(str(error)) from error


def show_json(value: msgspec.Struct | Sequence[msgspec.Struct]) -> None:
    """Print a value as indented JSON."""
    print(msgspec.json.format(msgspec.json.encode(value)).decode())


def show_line(value: msgspec.Struct) -> None:
    """Print a value as one line of JSON, at once."""
    print(msgspec.json.encode(value).decode(), flush=True)


def remark(text: str) -> None:
    """Print something beside the result: on standard error, dim where that can be seen."""
    line = printable(text)
    print(f"{_DIM}{line}{_PLAIN}" if settings.colour_wanted() else line, file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """Return a text without the control characters that could take over a terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def clock(time: datetime) -> str:
    """Return a time as the clock on the wall has it."""
    return time.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def table(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Return the lines of an aligned table; columns of numbers are set to the right."""
    cells = [[_cell(value) for value in row] for row in rows]
    shapes = [_Column.of(number, name, rows, cells) for number, name in enumerate(columns)]
    rule = [column.rule() for column in shapes]
    return [_line(shapes, line) for line in (list(columns), rule, *cells)]


class _Column(msgspec.Struct, frozen=True, kw_only=True):
    width: int
    right: bool

    @classmethod
    def of(cls, number: int, name: str, rows: Sequence[Sequence[Cell]], cells: Sequence[Sequence[str]]) -> _Column:
        width = max([len(name), *(len(row[number]) for row in cells)])
        values = [row[number] for row in rows if row[number] is not None]
        return cls(width=width, right=bool(values) and all(_is_number(value) for value in values))

    def rule(self) -> str:
        return "─" * self.width

    def put(self, text: str) -> str:
        return text.rjust(self.width) if self.right else text.ljust(self.width)


def _line(shapes: Sequence[_Column], cells: Sequence[str]) -> str:
    return "  ".join(column.put(text) for column, text in zip(shapes, cells, strict=True)).rstrip()


def _is_number(value: Cell) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(printable(str(value)).split("\n"))
