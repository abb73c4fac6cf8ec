"""Warming: searches for what is in a large log, made after a start, so that whoever asks first need not wait for pages.

Postgres starts with none of its pages in memory, and a search reads a few thousand from all over the indexes.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import datetime, timedelta

import msgspec

from proto import errors, memory
from proto.base import Caller
from services.memory.lexicon import Lexicon
from services.memory.search import HIDDEN, Searcher
from services.memory.store import Store
from services.memory.vectors import QueryVector

EACH = 2500
"""Vectors with an index for which one text is searched for; a smaller log needs no warming."""
MOST = 400
"""Texts that are searched for."""
CHARACTERS = 40
"""Of a text: some words, as somebody would ask."""
NARROWED = 4
"""Each so many-th is searched for once more, among its like of its days."""
WINDOW = timedelta(days=7)
"""Before and after it."""
AGAIN = 5.0
"""Seconds until the next try, while the database is away or being laid out."""

log = logging.getLogger("daimon.memory")


class Practice(msgspec.Struct, frozen=True, kw_only=True):
    """A text of somebody's log, and what it means."""

    user: str
    kind: str
    time: datetime
    text: str
    engine: str
    dimensions: int
    vector: str

    async def query(self, text: str, engine: str) -> QueryVector:  # noqa: ARG002
        """Return what it means: nothing has to be embedded."""
        return QueryVector(engine=self.engine, dimensions=self.dimensions, vector=self.vector)

    @property
    def broad(self) -> memory.Search:
        """A search for it among everything."""
        return memory.Search(query=self.text)

    @property
    def narrow(self) -> memory.Search:
        """A search for it among its like of its days."""
        return memory.Search(query=self.text, kinds=(self.kind,), since=self.time - WINDOW, until=self.time + WINDOW)


class Warmer:
    """Searches once for some of what is in the log, and rests as long as it searched."""

    def __init__(self, store: Store, lexicon: Lexicon, *, rest: float = 1.0, each: int = EACH) -> None:
        """`lexicon` is that of whoever searches afterwards, and learns too; `rest` counts in times of a search."""
        self._store = store
        self._lexicon = lexicon
        self._rest = rest
        self._each = each

    async def run(self) -> None:
        """Warm as soon as the database is there."""
        while True:
            try:
                await self.warm()
            except errors.Failure as failure:
                log.info("warming waits: %s", failure, extra={"action": "memory.warming_waits"})
                await asyncio.sleep(AGAIN)
            else:
                return

    async def warm(self) -> int:
        """Search for texts at even distances of the log; return how many they were."""
        bounds = {"each": self._each, "most": MOST, "characters": CHARACTERS, "hidden": HIDDEN}
        practices = await self._store.fetch(Practice, "practices", **bounds)
        for number, practice in enumerate(practices):
            searches = [practice.broad] if number % NARROWED else [practice.broad, practice.narrow]
            for search in searches:
                await asyncio.sleep(self._rest * await self._search(practice, search))
        if practices:
            log.info("warmed by %d texts", len(practices), extra={"action": "memory.warmed"})
        return len(practices)

    async def _search(self, practice: Practice, search: memory.Search) -> float:
        began = time.perf_counter()
        await Searcher(self._store, practice, self._lexicon).search(search, Caller(user=practice.user))
        return time.perf_counter() - began
