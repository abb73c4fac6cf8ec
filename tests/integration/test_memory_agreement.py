"""Search looks at a few hundred events of many; what it finds is nearly what looking at all would find."""

from __future__ import annotations

import statistics

import pytest

from proto import memory
from services.memory.bench.filling import fill
from services.memory.bench.measuring import ADA, Made, agreement, narrowed
from services.memory.bench.story import World
from services.memory.candidates import FEW
from services.memory.migrations import migrate
from services.memory.search import Searcher
from services.memory.settings import MemorySettings
from services.memory.store import Store

pytest_plugins = ("tests.integration.memory_fixtures",)

EVENTS = 9000
"""More than are measured one by one, and more than a sample holds."""


@pytest.mark.timeout(300)
async def test_search_finds_nearly_all_that_the_exact_search_finds(database: MemorySettings):
    assert EVENTS > FEW
    world = World(7)
    async with Store.open(database) as store:
        async with store.alone() as session:
            await migrate(session, store.dump_before)
        told = (await fill(store, world, world.tell(EVENTS), EVENTS, 1))[::100]
        made = Made(world)
        searcher = Searcher(store, made)
        searches = [memory.Search(query=world.ask(one).text) for one in told]
        for search in searches:
            made.prepare(search.query)
        assert statistics.mean([await agreement(store, searcher, made, search) for search in searches]) >= 0.95
        for search, one in zip(searches, told, strict=True):
            found = (await searcher.search(narrowed(search, one), ADA)).hits
            assert found
            passed = [
                hit.conversation == one.conversation if one.conversation else hit.kind == one.kind for hit in found
            ]
            assert all(passed)
