"""The commands that ran in the boxes of conversations."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from proto.sandbox import CommandRan
from services.memory.entries import Entry
from services.memory.store import Session, by_column

_COLUMNS = ("event", "user", "command", "exit_code", "seconds", "excerpt")


class CommandRow(msgspec.Struct, frozen=True, kw_only=True):
    """One command."""

    event: str
    user: str
    command: str
    exit_code: int
    seconds: float
    excerpt: str


async def project(session: Session, entries: Sequence[Entry]) -> None:
    """Write the commands among these events."""
    rows = [command(entry.happening, entry) for entry in entries if isinstance(entry.happening, CommandRan)]
    if rows:
        await session.run("insert_commands", **by_column(rows, *_COLUMNS))


def command(ran: CommandRan, entry: Entry) -> CommandRow:
    """Make the row of a command."""
    return CommandRow(
        event=entry.id,
        user=entry.user,
        command=ran.command,
        exit_code=ran.exit_code,
        seconds=ran.seconds,
        excerpt=ran.excerpt,
    )
