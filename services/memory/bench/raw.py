"""How fast Postgres takes rows by `unnest … ON CONFLICT`, a thousand a transaction, with nothing else to do.

Once as psycopg writes lists, which is what raw SQL is to whoever has only that, and once as memory writes them.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from proto import tasks
from proto.base import Caller
from proto.benches import Raw
from proto.events import Recorded, happened
from services.memory.entries import Entry, entry
from services.memory.settings import MemorySettings
from services.memory.store import Session, Store, by_column
from services.runtime.settings import load

ROWS = 20_000
BATCH = 1000
_COLUMNS = ("id", "sequence", "time", "user", "actor", "kind", "sentence", "data", "version")


class Columns(Protocol):
    """Turns rows into one value a column."""

    def __call__(self, entries: Sequence[Entry], /, *names: str) -> Mapping[str, object]:
        """Return them by name."""
        ...


async def run() -> Raw:
    """Measure both."""
    ada = Caller(user="ada")
    entries = [_entry(number, ada) for number in range(ROWS)]
    async with Store.open(load("memory", MemorySettings)) as store, store.alone() as session:
        return Raw(lists=await _rate(session, entries, _lists), arrays=await _rate(session, entries, by_column))


async def _rate(session: Session, entries: Sequence[Entry], columns: Columns) -> float:
    """Return rows a second."""
    await session.run("make_raw")
    began = time.perf_counter()
    for start in range(0, ROWS, BATCH):
        await session.run("insert_raw", **columns(entries[start : start + BATCH], *_COLUMNS))
    seconds = time.perf_counter() - began
    await session.run("drop_raw")
    return ROWS / seconds


def _lists(entries: Sequence[Entry], *names: str) -> dict[str, list[object]]:
    return {name: [getattr(each, name) for each in entries] for name in names}


def _entry(number: int, caller: Caller) -> Entry:
    event = happened(tasks.TaskAdded(task=f"task {number}", title=f"buy {number} bottles of milk"), caller)
    return entry(Recorded(sequence=number, event=event))


if __name__ == "__main__":
    sys.stdout.write(f"{msgspec.json.encode(asyncio.run(run())).decode()}\n")
