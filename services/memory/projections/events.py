"""The log itself as a table, and the queue of texts that want a vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from services.memory.entries import Entry
from services.memory.store import Session, by_column

COLUMNS = (
    "id",
    "sequence",
    "time",
    "user",
    "actor",
    "kind",
    "sentence",
    "body",
    "conversation",
    "cause",
    "data",
    "version",
    "text_hash",
)


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """The rows that were not there before."""

    sequences: list[int]


def columns_of(entries: Sequence[Entry]) -> dict[str, str]:
    """Make the columns that `insert` writes."""
    return by_column(entries, *COLUMNS)


async def insert(session: Session, entries: Sequence[Entry], columns: Mapping[str, str]) -> list[Entry]:
    """Write events that are not there yet and return only those, in the order of the log."""
    (written,) = await session.fetch(Written, "insert_events", **columns)
    sequences = set(written.sequences)
    if len(sequences) == len(entries):
        return list(entries)
    repeats = [entry for entry in entries if entry.sequence not in sequences]
    await session.run("note_repeats", **by_column(repeats, "sequence", "id"))
    return [entry for entry in entries if entry.sequence in sequences]
