"""Vectors move from the hot segment into sealed ones, and search finds the same."""

from __future__ import annotations

import psycopg

from proto import memory, tasks
from proto.base import Nothing
from services.memory.lexicon import Lexicon
from services.memory.sealing import Sealer
from services.memory.search import HIDDEN
from services.memory.store import Store
from services.memory.warming import Warmer
from tests.integration.memory_parts import Daimon

pytest_plugins = ("tests.integration.memory_fixtures",)


async def fill(daimon: Daimon, caller, numbers: range) -> None:
    for number in numbers:
        await daimon.record(tasks.TaskAdded(task=f"t{number}", title=f"buy milk number {number}"), caller)
    await daimon.embedded()


async def segments(settings) -> dict[int, int]:
    async with await psycopg.AsyncConnection.connect(settings.database) as connection:
        rows = await connection.execute("SELECT segment, count(*) FROM vectors GROUP BY segment")
        return dict(await rows.fetchall())


async def found(daimon: Daimon, caller) -> set[str]:
    hits = await daimon.search("milk", caller, ways="meaning", limit=50)
    return {hit.sentence for hit in hits.hits}


async def test_what_is_sealed_is_found_as_before_and_merged_with_its_like(alone, database, ada):
    async with alone.remembering(database), Store.open(database) as store:
        await fill(alone, ada, range(12))
        before = await found(alone, ada)
        assert await Sealer(store, hot=10).seal() == 1
        assert (await segments(database)).keys() == {1}
        assert await found(alone, ada) == before
        await fill(alone, ada, range(12, 24))
        assert len(await found(alone, ada)) == 24
        assert await Sealer(store, hot=10).seal() == 1
        assert (await segments(database)).keys() == {2}
        assert len(await found(alone, ada)) == 24


async def test_few_vectors_stay_hot(alone, database, ada):
    async with alone.remembering(database), Store.open(database) as store:
        await fill(alone, ada, range(3))
        assert await Sealer(store, hot=10).seal() == 0
        assert (await segments(database)).keys() == {0}


async def test_a_sealed_text_is_not_embedded_again(alone, database, ada):
    async with alone.remembering(database), Store.open(database) as store:
        await fill(alone, ada, range(12))
        await Sealer(store, hot=10).seal()
        await fill(alone, ada, range(12))
        assert sum("number 3" in text for text in alone.engine.embedded) == 1
        assert await segments(database) == {1: 12}


async def test_the_segment_that_a_dead_process_was_building_is_removed(alone, database, ada):
    async with alone.remembering(database), Store.open(database) as store:
        await fill(alone, ada, range(12))
        await store.run("build_segment", engine="meanings", size=384, absorbed=[], kilobytes=65536)
        assert await Sealer(store, hot=10).seal() == 1
        assert await segments(database) == {2: 12}


async def test_sealing_again_without_anything_new_does_nothing(alone, database, ada):
    async with alone.remembering(database), Store.open(database) as store:
        await fill(alone, ada, range(12))
        assert await Sealer(store, hot=10).seal() == 1
        assert await Sealer(store, hot=10).seal() == 0


async def test_after_a_start_texts_that_have_an_index_are_searched_for_without_a_trace(alone, database, ada):
    async with alone.remembering(database), Store.open(database) as store:
        await fill(alone, ada, range(12))
        before = await alone.cli.call(memory.PROGRESS, Nothing())
        warmer = Warmer(store, Lexicon(HIDDEN), rest=0, each=3)
        assert await warmer.warm() == 0, "what is hot has no index to be read"
        await Sealer(store, hot=10).seal()
        assert await warmer.warm() == 4
        assert await alone.cli.call(memory.PROGRESS, Nothing()) == before
