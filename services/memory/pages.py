"""Pages of the log on their way into SQL: read, and made into columns, while Postgres writes the page before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TypeVar

import msgspec

from proto import events
from proto.events import Recorded
from services.memory.entries import Entry, entry
from services.memory.projections.events import columns_of
from services.runtime.bus import Batch
from services.runtime.bus.journal import Journal

PAGE = 1000
"""Events that are read from the log together."""

T = TypeVar("T")


class Page(msgspec.Struct, frozen=True):
    """Events that follow each other, and what the statement that writes them takes."""

    entries: Sequence[Entry]
    columns: Mapping[str, str]


def page(entries: Sequence[Entry]) -> Page:
    """Make a page of rows."""
    return Page(entries, columns_of(entries))


async def delivered(batches: AsyncGenerator[Batch, None]) -> AsyncGenerator[tuple[Batch, Page], None]:
    """Yield what comes as work, and the page that it is."""
    async for batch in batches:
        yield batch, page(_entries(batch.recorded))


async def stored(journal: Journal, after: int, upto: int) -> AsyncGenerator[Page, None]:
    """Yield what the log has between two places."""
    while after < upto and (found := await journal.read(events.ALL, after=after, limit=min(PAGE, upto - after))):
        after = found[-1].sequence
        yield page(_entries(found))


async def read_ahead(source: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """Yield what a source yields; the next is read while the caller is busy with the one before."""
    following = asyncio.create_task(_next(source))
    try:
        while (ready := await following) is not None:
            following = asyncio.create_task(_next(source))
            yield ready
    finally:
        following.cancel()
        await asyncio.wait([following])
        await source.aclose()


async def _next(source: AsyncGenerator[T, None]) -> T | None:
    return await anext(source, None)


def _entries(found: Sequence[Recorded]) -> list[Entry]:
    return [entry(one) for one in found]
