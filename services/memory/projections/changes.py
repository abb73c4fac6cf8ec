"""Where the log has a user's changes, and what undid them."""

from __future__ import annotations

from collections.abc import Sequence

from proto import undo
from proto.suggestions import SuggestionAccepted
from services.memory.entries import Entry
from services.memory.store import Session, by_column


async def project(session: Session, entries: Sequence[Entry]) -> None:
    """Write the places of the changes among these events."""
    rows = [entry for entry in entries if _belongs(entry)]
    if rows:
        await session.run("insert_changes", **by_column(rows, "user", "sequence"))


def _belongs(entry: Entry) -> bool:
    """Whether an event stands in its user's line of changes."""
    what = entry.happening
    return what is not None and (isinstance(what, (*undo.KINDS, SuggestionAccepted)) or what.inverse() is not None)
