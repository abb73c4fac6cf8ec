"""How fast Postgres takes rows by `unnest … ON CONFLICT`, a thousand a transaction, with nothing else to do."""

from __future__ import annotations

import asyncio
import sys
import time

from proto import tasks
from proto.base import Caller
from proto.events import Recorded, happened
from services.memory.entries import Entry, entry
from services.memory.settings import MemorySettings
from services.memory.store import Store, by_column
from services.runtime.settings import load

ROWS = 20_000
BATCH = 1000
_COLUMNS = ("id", "sequence", "time", "user", "actor", "kind", "sentence", "data", "version")


async def run() -> float:
    """Return rows a second."""
    ada = Caller(user="ada")
    entries = [_entry(number, ada) for number in range(ROWS)]
    async with Store.open(load("memory", MemorySettings)) as store, store.alone() as session:
        await session.run("make_raw")
        began = time.perf_counter()
        for start in range(0, ROWS, BATCH):
            await session.run("insert_raw", **by_column(entries[start : start + BATCH], *_COLUMNS))
        seconds = time.perf_counter() - began
        await session.run("drop_raw")
    return ROWS / seconds


def _entry(number: int, caller: Caller) -> Entry:
    event = happened(tasks.TaskAdded(task=f"task {number}", title=f"buy {number} bottles of milk"), caller)
    return entry(Recorded(sequence=number, event=event))


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(run())}\n")
