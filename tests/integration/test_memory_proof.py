"""The proof that SQL holds what the log holds: what was altered, taken out or put in is found, and where."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec
import psycopg
import pytest

from proto import events, keeping, tasks
from proto.base import Caller
from proto.events import happened

pytest_plugins = ("tests.integration.memory_fixtures",)

ADA, BOB = Caller(user="ada"), Caller(user="bob")


async def verified(daimon) -> list[keeping.Problem]:
    last = (await daimon.cli.journal.last(events.ALL)).sequence
    await daimon.projected(last)
    problems, after = [], 0
    while after < last:
        piece = await daimon.cli.call(keeping.VERIFY, keeping.Verify(after=after, upto=last))
        problems += piece.problems
        after = piece.next
    return problems


async def sealed(daimon) -> str:
    last = (await daimon.cli.journal.last(events.ALL)).sequence
    return (await daimon.cli.call(keeping.SEAL, keeping.Sealed(upto=last))).seal


@contextlib.asynccontextmanager
async def remembered(daimon, settings, count: int = 6):
    """A memory with events of two users in turns, and a way past it into its database."""
    for number in range(count):
        await daimon.record(tasks.TaskAdded(task=f"t{number}", title=f"task {number}"), (ADA, BOB)[number % 2])
    async with daimon.remembering(settings):
        await daimon.projected(count)
        async with await psycopg.AsyncConnection.connect(settings.database, autocommit=True) as connection:
            yield connection


async def test_what_nobody_touched_is_proven(alone, database):
    async with remembered(alone, database):
        assert await verified(alone) == []


async def test_a_row_keeps_the_hash_that_the_first_schema_gave_it(alone, database):
    """Its text was made by building jsonb; how it is made may change, what it says may not."""
    hard = 'a "quoted" \\ path/\t\x01\x7f\u2028 ü 🦉 </b>'
    caller = Caller(user="ada", actor="plugin-x", conversation=hard, cause="c")
    async with remembered(alone, database) as connection:
        await alone.record(tasks.TaskRenamed(task=hard, before="", title=hard), caller)
        await alone.projected(7)
        found = await connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE digest = sha256(convert_to(jsonb_build_array(id,"
            " (extract(epoch FROM time) * 1000000)::bigint, user_name, actor, kind, sentence, conversation, cause,"
            " data, version)::text, 'UTF8'))) FROM events"
        )
        assert await found.fetchone() == (7, 7)


async def test_the_chain_goes_on_over_restarts_batches_and_repetitions(alone, database):
    twice = happened(tasks.TaskAdded(task="twice", title="buy milk"), ADA)
    async with remembered(alone, database):
        await alone.append(twice)
        await alone.append(msgspec.structs.replace(twice, key="the same event under another id"))
        await asyncio.gather(
            *(alone.record(tasks.TaskAdded(task=f"more {number}", title="x"), ADA) for number in range(1200))
        )
        assert await verified(alone) == []
    async with alone.remembering(database):
        await alone.record(tasks.TaskAdded(task="later", title="x"), ADA)
        assert await verified(alone) == []


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE events SET sentence = 'Nothing happened' WHERE sequence = 3",
        "UPDATE events SET data = jsonb_set(data, '{title}', '\"other\"') WHERE sequence = 3",
        "UPDATE events SET time = time - interval '1 second' WHERE sequence = 3",
        "UPDATE events SET actor = 'model' WHERE sequence = 3",
        (
            "UPDATE events SET data = '{}', digest = digest_of("
            "id, time, user_name, actor, kind, sentence, conversation, cause, '{}', version) WHERE sequence = 3"
        ),
    ],
)
async def test_a_row_that_was_altered_is_found(alone, database, tampering):
    async with remembered(alone, database) as connection:
        assert (await connection.execute(tampering)).rowcount == 1
        (first, *rest) = await verified(alone)
        assert (first.sequence, first.user, first.problem) == (3, "ada", "altered")
        assert first.sentence().endswith("of ada is not in SQL as it was recorded.")
        assert all(problem.problem == "unchained" for problem in rest)


async def test_a_row_that_was_given_to_somebody_else_is_found(alone, database):
    async with remembered(alone, database) as connection:
        await connection.execute("UPDATE events SET user_name = 'bob' WHERE sequence = 3")
        assert (3, "altered") in [(problem.sequence, problem.problem) for problem in await verified(alone)]


async def test_a_row_that_was_taken_out_is_found_and_breaks_the_chain_behind_it(alone, database):
    async with remembered(alone, database) as connection:
        await connection.execute("DELETE FROM events WHERE sequence = 3")
        found = [(problem.sequence, problem.user, problem.problem) for problem in await verified(alone)]
        assert found == [(3, "ada", "missing"), (5, "ada", "unchained")]


async def test_a_row_that_was_put_in_is_found_although_it_continues_the_chain(alone, database):
    async with remembered(alone, database) as connection:
        await connection.execute(
            "INSERT INTO events (id, sequence, time, user_name, actor, kind, sentence, body, data, version, text_hash,"
            " digest, chain) SELECT gen_random_uuid(), 1000, time, user_name, actor, kind, sentence, body, data,"
            " version, text_hash, digest, link_of(chain, digest) FROM events WHERE sequence = 6"
        )
        found = [(problem.sequence, problem.user, problem.problem) for problem in await verified(alone)]
        assert found == [(1000, "bob", "unsent")]


async def test_a_place_of_the_log_that_was_emptied_is_found(alone, database, own_nats):
    async with remembered(alone, database):
        await erase(own_nats, 4)
        found = [(problem.sequence, problem.problem) for problem in await verified(alone)]
        assert found == [(4, "lost")]


async def erase(nats, sequence: int) -> None:
    """Delete from the stream past everybody, as one who has the server could."""
    client = await nats.almighty()
    try:
        assert await client.jetstream().delete_msg(events.STREAM, sequence)
    finally:
        await client.close()


async def test_the_same_events_have_the_same_seal_and_others_another(alone, database, memory_postgres):
    async with remembered(alone, database) as connection:
        first = await sealed(alone)
        assert len(first) == 64
        await connection.execute("UPDATE events SET chain = sha256(chain) WHERE sequence = 6")
        assert await sealed(alone) != first
    async with alone.remembering(await memory_postgres.database()):
        assert await verified(alone) == []
        assert await sealed(alone) == first
