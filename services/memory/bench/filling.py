"""Fills a database with a told story: events as the projector writes them, vectors as the indexer saves them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence

import msgspec
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


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """Some events as they are written."""

    told: list[Told]
    entries: list[Entry]
    vectors: dict[bytes, str]
    """By the hash of their text."""


async def fill(store: Store, world: World, story: Iterator[Told], size: int, first: int) -> list[Told]:
    """Write the next events of a story, seal their vectors, and return a sample of them."""
    sample: list[Told] = []
    sequence = first
    async with store.alone() as session:
        ready = make(world, list(itertools.islice(story, min(BATCH, size))), sequence)
        while ready.entries:
            sequence += len(ready.entries)
            left = min(BATCH, first + size - sequence)
            following = list(itertools.islice(story, left))
            async with asyncio.TaskGroup() as group:
                upcoming = group.create_task(asyncio.to_thread(make, world, following, sequence))
                group.create_task(write(session, ready))
            sample += ready.told[:: max(1, size // 2000)]
            ready = upcoming.result()
    await Sealer(store, hot=1).seal()
    await store.run("analyze")
    return sample


def make(world: World, told: Sequence[Told], first: int) -> Ready:
    """Make the rows and the vectors of some events."""
    entries = [_entry(one, first + place) for place, one in enumerate(told)]
    texts = {entry.text_hash: one.text for entry, one in zip(entries, told, strict=True)}
    vectors = {text_hash: written(world, text) for text_hash, text in texts.items()}
    return Ready(told=list(told), entries=entries, vectors=vectors)


async def write(session: Session, ready: Ready) -> None:
    """Write some events with their vectors, in one transaction."""
    async with session.transaction():
        vectors = {"text_hash": list(ready.vectors), "vector": list(ready.vectors.values())}
        # First, so that no text waits for a vector.
        await session.run("save_vectors", engine=ENGINE, **vectors)
        await session.run("insert_events", **by_column(ready.entries, *COLUMNS))


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
