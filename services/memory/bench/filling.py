"""Fills a database with a told story: events as the projector writes them, vectors as the indexer saves them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from pgvector import HalfVector

from proto.base import new_id
from services.memory.bench.story import Told, World
from services.memory.entries import Entry, hash_of
from services.memory.projections.events import COLUMNS
from services.memory.sealing import Sealer
from services.memory.store import Session, Store, by_column

ENGINE = "story"
USER = "ada"
BATCH = 1000


async def fill(store: Store, world: World, story: Iterator[Told], size: int, first: int) -> list[Told]:
    """Write the next events of a story, seal their vectors, and return a sample of them."""
    sample: list[Told] = []
    sequence = first
    async with store.alone() as session:
        while batch := list(itertools.islice(story, min(BATCH, first + size - sequence))):
            await write(session, world, batch, sequence)
            sequence += len(batch)
            sample += batch[:: max(1, size // 2000)]
    await Sealer(store, hot=1).seal()
    await store.run("analyze")
    return sample


async def write(session: Session, world: World, batch: Sequence[Told], first: int) -> None:
    """Write some events with their vectors, in one transaction."""
    entries = [_entry(told, first + place) for place, told in enumerate(batch)]
    texts = {entry.text_hash: told.text for entry, told in zip(entries, batch, strict=True)}
    vectors = [written(world, text) for text in texts.values()]
    async with session.transaction():
        await session.run("insert_events", **by_column(entries, *COLUMNS))
        await session.run("save_vectors", engine=ENGINE, text_hash=list(texts), vector=vectors)


def written(world: World, text: str) -> str:
    """Return the vector of a text as Postgres writes it."""
    return str(HalfVector(world.vector(text)).to_text())


def _entry(told: Told, sequence: int) -> Entry:
    return Entry(
        sequence=sequence,
        id=new_id(),
        time=told.time,
        user=USER,
        actor=told.actor,
        kind=told.kind,
        sentence=told.sentence,
        body=told.body,
        conversation=told.conversation,
        cause="",
        data="{}",
        version=1,
        text_hash=hash_of(told.text),
        happening=None,
    )
