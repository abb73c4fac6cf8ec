"""How soon what was just written is found, at thousands of rows a second, against one table with an incremental HNSW.

Events and vectors are written side by side, as the projector and the indexer do; segments are sealed meanwhile. The
vectors are made beforehand: the embedding engine is measured elsewhere.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from proto import memory
from proto.benches import Fresh
from services.memory.bench.filling import ENGINE, Ready, fill, make
from services.memory.bench.measuring import CLIENTS, Made, agreement
from services.memory.bench.story import World
from services.memory.migrations import migrate
from services.memory.projections.events import COLUMNS
from services.memory.sealing import Sealer
from services.memory.search import Searcher
from services.memory.settings import MemorySettings
from services.memory.store import Session, Store, by_column
from services.runtime.settings import load

SEED = 21
BEFORE, ROWS, RUSH, BATCH = 20_000, 40_000, 30_000, 500
"""Rows that are there, that come at a rate, that come all at once, and that are written together."""
RATE = 5000
"""Rows a second that come."""
ASKED = 20
INCREMENTAL_SECONDS = 5.0


async def run() -> Fresh:
    """Measure on a log that has something in it."""
    world = World(SEED)
    settings = msgspec.structs.replace(load("memory", MemorySettings), connections=CLIENTS)
    async with Store.open(settings) as store:
        async with store.alone() as session:
            await migrate(session, store.dump_before)
        story = world.tell(BEFORE + ROWS + RUSH)
        await fill(store, world, story, BEFORE, 1)
        firsts = range(BEFORE + 1, BEFORE + ROWS + RUSH + 1, BATCH)
        batches = [make(world, list(itertools.islice(story, BATCH)), first) for first in firsts]
        come, rush = batches[: ROWS // BATCH], batches[ROWS // BATCH :]
        incremental = await _incremental(store, come)
        rate, late = await _ours(store, come, RATE)
        agreement = await _agreement(store, world, come)
        most, _ = await _ours(store, rush, math.inf)
        sealing = await _sealed(store)
        return Fresh(rate=rate, late=late, agreement=agreement, incremental=incremental, most=most, sealing=sealing)


async def _ours(store: Store, batches: Sequence[Ready], rate: float) -> tuple[float, float]:
    """Write batches that come at a rate; return rows a second, and how many ms late the latest of a hundred were."""
    due = [number * BATCH / rate for number in range(len(batches))]
    began = time.perf_counter()
    sealing = asyncio.create_task(Sealer(store).run())
    try:
        both = await asyncio.gather(
            _written(store, batches, due, _write_events), _written(store, batches, due, _write_vectors)
        )
    finally:
        sealing.cancel()
    ends = [max(done) - began for done in zip(*both, strict=True)]
    late = [(end - at) * 1000 for end, at in zip(ends, due, strict=True)]
    return len(batches) * BATCH / ends[-1], statistics.quantiles(late, n=100)[-1]


async def _sealed(store: Store) -> float:
    began = time.perf_counter()
    await Sealer(store).seal()
    return time.perf_counter() - began


async def _written(
    store: Store, batches: Sequence[Ready], due: Sequence[float], write: Callable[[Session, Ready], Awaitable[None]]
) -> list[float]:
    """Write each batch when it is due, or as soon as the one before is written; return when each was."""
    ends = []
    async with store.alone() as session:
        began = time.perf_counter()
        for batch, after in zip(batches, due, strict=True):
            await asyncio.sleep(max(0.0, began + after - time.perf_counter()))
            await write(session, batch)
            ends.append(time.perf_counter())
    return ends


async def _write_events(session: Session, batch: Ready) -> None:
    await session.run("insert_events", **by_column(batch.entries, *COLUMNS))


async def _write_vectors(session: Session, batch: Ready) -> None:
    hashes, vectors = list(batch.vectors), list(batch.vectors.values())
    async with session.transaction():
        await session.run("save_vectors", engine=ENGINE, text_hash=hashes, vector=vectors)
        await session.run("no_longer_waiting", text_hash=hashes)


async def _agreement(store: Store, world: World, batches: Sequence[Ready]) -> float:
    made = Made(world)
    searcher = Searcher(store, made)
    told = [batch.told[0] for batch in batches[-ASKED:]]
    searches = [memory.Search(query=world.ask(one).text) for one in told]
    for search in searches:
        made.prepare(search.query)
    return statistics.mean([await agreement(store, searcher, made, search) for search in searches])


async def _incremental(store: Store, batches: Sequence[Ready]) -> float:
    """Write the same vectors into one table with an HNSW for some seconds; return rows a second."""
    async with store.alone() as session:
        await session.run("make_incremental", engine=ENGINE, dimensions=384)
        await session.run("index_incremental", dimensions=384)
        began, rows = time.perf_counter(), 0
        for batch in batches:
            if time.perf_counter() - began > INCREMENTAL_SECONDS:
                break
            vectors = list(batch.vectors.values())
            await session.run("insert_incremental", text_hash=list(batch.vectors), vector=vectors)
            # A text that was said before has its vector, here as there.
            rows += len(batch.entries)
        rate = rows / (time.perf_counter() - began)
        await session.run("drop_incremental")
    return rate


if __name__ == "__main__":
    sys.stdout.write(f"{msgspec.json.encode(asyncio.run(run())).decode()}\n")
