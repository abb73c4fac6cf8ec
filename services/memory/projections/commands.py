"""The commands that ran in the boxes of conversations."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from proto.jobs import JobEnded
from proto.sandbox import CommandRan
from services.memory.entries import Entry
from services.memory.store import Session, by_column

KINDS = (CommandRan, JobEnded)
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
    rows = [row for row in map(command, entries) if row is not None]
    if rows:
        await session.run("insert_commands", **by_column(rows, *_COLUMNS))


def command(entry: Entry) -> CommandRow | None:
    """Make the row of a command that has ended, at once or as a job; None for whatever is none."""
    ran = entry.happening
    if not isinstance(ran, KINDS) or ran.exit_code is None or not ran.command:
        return None
    return CommandRow(
        event=entry.id,
        user=entry.user,
        command=ran.command,
        exit_code=ran.exit_code,
        seconds=ran.seconds,
        excerpt=ran.excerpt,
    )
