"""Memory while its database, its bus, its engine or its own process dies."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import time

import msgspec
import psycopg
import pytest

from daimon.up.postgres import binaries
from proto import errors, memory, tasks
from proto.base import Caller, Nothing
from services.memory.main import serve
from services.memory.migrations import Refusal, known
from services.memory.queries import query
from services.runtime.bus import Bus
from tests.integration.memory_parts import PATIENCE

pytest_plugins = ("tests.integration.memory_fixtures",)

ADA = Caller(user="ada")
AWAY = "The database does not answer, so memory cannot; what happens stays in the log and is caught up later."
TAKEOVER = 15
"""Seconds in which another process has taken over; unacknowledged events come again only after thirty."""


def added(title: str) -> tasks.TaskAdded:
    return tasks.TaskAdded(task=title, title=title)


async def titles(daimon) -> list[str]:
    found = await daimon.sql("select string_agg(title, ' ' order by position) from tasks", ADA)
    return found.rows[0][0].split()


def actions(caplog, noun: str) -> list[str]:
    return [record.action for record in caplog.records if noun in getattr(record, "action", "")]


async def refused(daimon) -> str:
    with pytest.raises(errors.Unavailable) as failure:
        await daimon.search("milk", ADA)
    return failure.value.message


async def test_a_database_that_dies_costs_nothing_but_time(alone, mortal_postgres, caplog):
    caplog.set_level("INFO", "daimon.memory")
    settings = await mortal_postgres.database()
    async with alone.remembering(settings):
        _, sequence = await alone.record(added("before"), ADA)
        await alone.projected(sequence)
        await mortal_postgres.kill()
        _, sequence = await alone.record(added("meanwhile"), ADA)
        assert {await refused(alone) for _ in range(3)} == {AWAY}
        await mortal_postgres.start()
        await alone.projected(sequence)
        assert await titles(alone) == ["before", "meanwhile"]
    assert actions(caplog, "database") == ["memory.database_away", "memory.database_back"]


async def test_a_database_that_is_not_there_yet_is_waited_for(alone, mortal_postgres):
    settings = await mortal_postgres.database()
    await mortal_postgres.stop()
    async with alone.remembering(settings):
        _, sequence = await alone.record(added("early"), ADA)
        assert await refused(alone) == AWAY
        await mortal_postgres.start()
        await alone.projected(sequence)
        assert await titles(alone) == ["early"]


async def test_a_restarted_database_is_noticed_by_nobody(alone, mortal_postgres):
    settings = await mortal_postgres.database()
    async with alone.remembering(settings):
        await alone.projected((await alone.record(added("before"), ADA))[1])
        await mortal_postgres.stop()
        await mortal_postgres.start()
        assert (await alone.search("before", ADA)).hits
        await alone.projected((await alone.record(added("after"), ADA))[1])


async def test_when_the_process_that_projects_is_killed_another_goes_on(alone, database):
    async with two_processes(alone, database) as (first, _):
        await asyncio.gather(*(alone.record(added(f"t{number}"), ADA) for number in range(300)))
        await first.kill()
        killed = time.monotonic()
        _, sequence = await alone.record(added("after"), ADA)
        progress = await alone.projected(sequence)
        assert time.monotonic() - killed < TAKEOVER
        assert (progress.events, sequence) == (301, 301)
        assert (await titles(alone))[-1] == "after"


@contextlib.asynccontextmanager
async def two_processes(daimon, settings):
    """Run one that projects and one that stands by."""
    async with daimon.process(settings) as first:
        await first.says("memory.projecting")
        async with daimon.process(settings) as second:
            await second.says("memory.standby")
            yield first, second


async def test_two_processes_share_one_order_when_their_database_is_restarted(alone, mortal_postgres):
    settings = await mortal_postgres.database()
    async with two_processes(alone, settings) as (_, second):
        await mortal_postgres.kill()
        await mortal_postgres.start()
        # The first has not noticed, holds no lock any more, and is still the one that events are delivered to.
        await second.says("memory.projecting")
        for number in range(10):
            _, sequence = await alone.record(added(f"t{number}"), ADA)
            recorded = time.monotonic()
            await alone.projected(sequence)
            assert time.monotonic() - recorded < TAKEOVER
        assert await titles(alone) == [f"t{number}" for number in range(10)]


async def test_a_bus_that_is_restarted_loses_nothing(alone, own_nats, database):
    async with alone.remembering(database):
        await alone.projected((await alone.record(added("before"), ADA))[1])
        await own_nats.kill()
        await own_nats.start()
        _, sequence = await recorded_at_last(alone, "after")
        await alone.projected(sequence)
        assert await titles(alone) == ["before", "after"]


async def recorded_at_last(daimon, title: str) -> tuple[str, int]:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await daimon.record(added(title), ADA)
            except errors.Unavailable:
                await asyncio.sleep(0)


async def test_without_an_engine_vectors_wait_and_words_are_enough(alone, database, caplog):
    caplog.set_level("INFO", "daimon.memory")
    alone.engine.down = True
    async with alone.remembering(database):
        await alone.projected((await alone.record(added("buy milk"), ADA))[1])
        await alone.engine.asked_in_vain.wait()
        hits = await alone.search("milk", ADA)
        assert [hit.why for hit in hits.hits] == [("words", "recent")]
        assert hits.note.startswith("Searched by words alone, because there is no vector of the query:")
        assert (await alone.cli.call(memory.PROGRESS, Nothing())).waiting >= 1
        alone.engine.down = False
        await alone.embedded()
        assert [hit.why for hit in (await alone.search("groceries", ADA)).hits] == [("meaning", "recent")]
    assert actions(caplog, "embedding") == ["memory.embedding_waits", "memory.embedding_again"]


async def test_a_text_that_the_engine_refuses_does_not_hold_up_the_others(alone, database):
    alone.engine.refused = "bread"
    for title in ("buy milk", "buy bread", "fix bike"):
        await alone.record(added(title), ADA)
    async with alone.remembering(database):
        await alone.embedded()
        assert {text.splitlines()[0] for text in alone.engine.embedded} == {
            "Added task 'buy milk'",
            "Added task 'fix bike'",
        }
        assert [hit.sentence for hit in (await alone.search("bread", ADA)).hits] == ["Added task 'buy bread'"]


async def test_another_engine_makes_all_vectors_anew(alone, database):
    async with alone.remembering(database):
        await alone.record(added("buy milk"), ADA)
        assert (await alone.embedded()).engine == "meanings"
        alone.engine.name = "others"
        await alone.record(added("buy bread"), ADA)
        assert (await alone.embedded()).engine == "others"
        assert len((await alone.search("groceries", ADA)).hits) == 2


async def test_the_old_engine_serves_until_the_new_one_is_through(alone, database):
    async with alone.remembering(database):
        for title in ("buy milk", "fix bike", "call mum"):
            await alone.record(added(title), ADA)
        await alone.embedded()
        alone.engine.name, alone.engine.room = "others", 1
        await alone.record(added("water plants"), ADA)
        async with asyncio.timeout(PATIENCE):
            while (progress := await alone.cli.call(memory.PROGRESS, Nothing())).coming != "others":
                pass
        assert (progress.engine, progress.waiting > 0) == ("meanings", True)
        (hit,) = (await alone.search("groceries", ADA)).hits
        assert "meaning" in hit.why
        alone.engine.room = None
        progress = await alone.embedded()
        assert (progress.engine, progress.coming) == ("others", "")
        assert len((await alone.search("groceries", ADA, ways="meaning")).hits) == 1
    async with await psycopg.AsyncConnection.connect(database.database) as connection:
        engines = await (await connection.execute("SELECT DISTINCT engine FROM vectors")).fetchall()
    assert engines == [("others",)]


async def test_a_database_of_another_log_is_refused(alone, database):
    await alone.record(added("ours"), ADA)
    async with await psycopg.AsyncConnection.connect(database.database, autocommit=True) as connection:
        async with alone.remembering(database):
            await alone.projected(1)
        await connection.execute("UPDATE events SET id = gen_random_uuid()")
    with pytest.raises(Refusal, match="holds the events of another log"):
        await served(alone, database)


async def test_a_database_without_the_extension_is_refused(alone, memory_postgres):
    settings = await memory_postgres.database(prepared=False)
    with pytest.raises(Refusal, match=r"lacks the extension vector; run services/memory/sql/superuser\.sql"):
        await served(alone, settings)


async def test_a_schema_that_fails_half_way_leaves_nothing_behind(alone, database):
    async with await psycopg.AsyncConnection.connect(database.database, autocommit=True) as connection:
        await connection.execute("CREATE TABLE vectors ()")
        with pytest.raises(Refusal, match=r'Step 0001_log\.sql .* left nothing behind: relation "vectors" already'):
            await served(alone, database)
        found = await connection.execute("SELECT to_regclass('events'), (SELECT count(*) FROM migrations)")
        assert await found.fetchone() == (None, 0)


async def test_a_newer_schema_is_refused(alone, database):
    async with alone.remembering(database):
        pass
    async with await psycopg.AsyncConnection.connect(database.database, autocommit=True) as connection:
        await connection.execute("INSERT INTO migrations VALUES (99, '0099_later.sql', 'x')")
    with pytest.raises(Refusal, match="made by a newer Daimon: its schema is 99"):
        await served(alone, database)


async def test_a_copy_is_made_before_an_older_schema_changes(alone, database, tmp_path):
    first, *_ = known()
    async with await psycopg.AsyncConnection.connect(database.database, autocommit=True) as connection:
        await connection.execute(query("create_migrations").text)
        await connection.execute(first.sql.encode())
        await connection.execute(
            "INSERT INTO migrations (number, name, checksum) VALUES (%s, %s, %s)",
            (first.number, first.name, first.checksum),
        )
    settings = msgspec.structs.replace(database, backups=str(tmp_path), pg_dump=str(binaries() / "pg_dump"))
    async with alone.remembering(settings):
        await alone.projected((await alone.record(added("after"), ADA))[1])
    (copy,) = tmp_path.iterdir()
    assert copy.name.startswith("before-0010_chain-")
    listing = await asyncio.create_subprocess_exec(binaries() / "pg_restore", "--list", copy, stdout=subprocess.PIPE)
    assert b"TABLE DATA public events" in (await listing.communicate())[0]


async def test_no_schema_changes_without_its_copy(alone, database, tmp_path):
    async with alone.remembering(database):
        pass
    async with await psycopg.AsyncConnection.connect(database.database, autocommit=True) as connection:
        await connection.execute("DELETE FROM migrations WHERE number > 1")
    blocked = tmp_path / "file"
    blocked.write_text("")
    settings = msgspec.structs.replace(database, backups=str(blocked / "in"), pg_dump=str(binaries() / "pg_dump"))
    with pytest.raises(Refusal, match=r"Nothing was changed, because the copy before 0010_chain\.sql failed"):
        await served(alone, settings)


async def served(daimon, settings) -> None:
    async with asyncio.timeout(PATIENCE), Bus.open(daimon.nats.settings("memory"), "memory") as bus:
        await serve(settings, bus, lambda: None)


async def test_a_database_that_was_not_prepared_answers_no_sql(alone, memory_postgres):
    settings = await memory_postgres.database(prepared=False)
    name = psycopg.conninfo.conninfo_to_dict(settings.database)["dbname"]
    async with memory_postgres.superuser(name) as connection:
        await connection.execute("CREATE EXTENSION vector")
    async with alone.remembering(settings):
        with pytest.raises(errors.Unavailable, match=r"run services/memory/sql/superuser\.sql"):
            await alone.sql("select 1", ADA)
        assert msgspec.structs.asdict(await alone.search("milk", ADA))["hits"] == ()
