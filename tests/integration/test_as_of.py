"""Time travel: what was so at a moment, and everything made anew from the log."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg
import pytest

from proto import chat, choices, errors, events, keeping, memory, sandbox, tasks, titles
from proto.base import Caller
from proto.events import happened
from services.tasks.main import serve
from services.tasks.settings import TasksSettings
from tests.integration.test_memory_proof import verified
from tests.support.running import running

pytest_plugins = ("tests.integration.memory_fixtures",)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at(hours: int, event: events.Event) -> events.Event:
    return msgspec.structs.replace(event, time=NOON + timedelta(hours=hours))


async def test_the_task_list_is_shown_as_it_was(open_bus, ada):
    bus = await open_bus("tasks")
    async with running(serve, TasksSettings(), bus):
        cli = await open_bus("cli")
        places = []
        for hours, what in enumerate(
            (
                tasks.TaskAdded(task="a", title="buy milk"),
                tasks.TaskAdded(task="b", title="call mum"),
                tasks.TaskCompleted(task="a", title="buy milk"),
                tasks.TaskDeleted(task="b", title="call mum", position=2, done=False),
            )
        ):
            places.append(await bus.journal.append(at(hours, happened(what, ada))))

        async def shown(as_of: str) -> list[tuple[str, bool]]:
            found = await cli.call(tasks.LIST, tasks.ListTasks(as_of=as_of), caller=ada)
            return [(task.title, task.done) for task in found.tasks]

        assert await shown("2026-11-20T11:59Z") == []
        assert await shown("2026-11-20T13:30Z") == [("buy milk", False), ("call mum", False)]
        assert await shown("2026-11-20T16:00+02:00") == [("buy milk", True), ("call mum", False)]
        assert await shown(str(places[1])) == [("buy milk", False), ("call mum", False)]
        assert await shown("") == await shown("2100-01-01") == [("buy milk", True)]
        with pytest.raises(errors.Invalid, match="'soon' is no time that can be read"):
            await shown("soon")


async def test_conversations_and_events_are_shown_as_they_were(daimon, ada):
    here = msgspec.structs.replace(ada, conversation="c1")
    asked = at(0, happened(chat.Asked(text="What runs here?"), here))
    for event in (
        asked,
        at(1, happened(chat.Answered(turn=asked.id, text="Linux."), here)),
        at(2, happened(chat.Asked(text="Since when?"), here)),
        at(3, happened(chat.Asked(text="Hello"), msgspec.structs.replace(ada, conversation="c2"))),
    ):
        sequence = await daimon.append(event)
    await daimon.projected(sequence)

    async def listed(as_of: str) -> list[tuple[str, str, int]]:
        request = memory.ListConversations(as_of=as_of)
        found = (await daimon.cli.call(memory.CONVERSATIONS, request, caller=ada)).conversations
        return [(line.id, line.title, line.exchanges) for line in found]

    assert await listed("2026-11-20T13:30Z") == [("c1", "What runs here", 1)]
    assert await listed("2026-11-20T14:30Z") == [("c1", "What runs here", 2)]
    assert await listed("2100-01-01") == await listed("") == [("c2", "Hello", 1), ("c1", "What runs here", 2)]
    then = await daimon.cli.call(memory.RECENT, memory.Recent(as_of="2026-11-20T13:30Z"), caller=ada)
    assert [event.kind for event in then.events] == ["chat.answered", "chat.asked"]


async def rebuilt(daimon) -> keeping.Rebuilt:
    return await daimon.cli.call(keeping.REBUILD, keeping.Rebuild(), timeout=60)


async def lived(daimon, user: Caller) -> None:
    """Let a bit of everything happen, more than one page of it."""
    here = msgspec.structs.replace(user, conversation="c1")
    turn, _ = await daimon.record(chat.Asked(text="What runs here?"), here)
    for what in (
        sandbox.CommandRan(command="uname", exit_code=0, seconds=0.5, excerpt="Linux"),
        sandbox.CommandRan(command="fits no column", exit_code=2**40, seconds=0.5),
        chat.Answered(turn=turn, text="Linux.", instructions={"system": 2}),
        titles.Titled(title="Linux", version=1),
        choices.Rated(turn=turn, worth="up", before="none"),
    ):
        await daimon.record(what, here)
    await asyncio.gather(
        *(daimon.record(tasks.TaskAdded(task=f"t{number}", title=f"task {number}"), user) for number in range(1100))
    )
    await daimon.record(tasks.TaskMoved(task="t7", title="task 7", before=8, position=1), user)
    odd = happened(tasks.TaskAdded(task="odd", title="odd"), user)
    too_large = msgspec.Raw(b'{"task":"t","title":"x","weight":1e999999}')
    await daimon.append(msgspec.structs.replace(odd, data=too_large))


async def test_everything_made_anew_from_the_log_is_equal(alone, database):
    async with alone.remembering(database):
        await lived(alone, Caller(user="ada"))
        await lived(alone, Caller(user="bob"))
        assert await verified(alone) == []
        found = await rebuilt(alone)
        assert (found.mended, found.sequence) == (0, 2 * 1108)
        assert found.before == found.after
        rows = {table.name: table.rows for table in found.after}
        assert rows == {
            "tasks": 2200,
            "conversations": 2,
            "messages": 4,
            "commands": 2,
            "documents": 0,
            "changes": 2204,
            "outcomes": 2,
            "namings": 2,
            "ratings": 2,
        }


async def test_rebuilding_mends_what_was_altered(alone, database):
    async with alone.remembering(database):
        await lived(alone, Caller(user="ada"))
        await verified(alone)
        good = await rebuilt(alone)
        async with await psycopg.AsyncConnection.connect(database.database, autocommit=True) as connection:
            await connection.execute("UPDATE events SET sentence = 'Nothing happened' WHERE sequence = 3")
            await connection.execute("DELETE FROM events WHERE sequence IN (5, 900)")
            await connection.execute("UPDATE tasks SET title = 'forged'; DELETE FROM messages")
            await connection.execute("UPDATE events SET chain = '' WHERE sequence = 1000")
        assert len(await verified(alone)) >= 4
        mended = await rebuilt(alone)
        assert mended.mended == 3
        assert mended.before != good.after
        assert mended.after == good.after
        assert await verified(alone) == []


async def test_reading_and_writing_go_on_while_everything_is_made_anew(alone, database):
    ada = Caller(user="ada")
    async with alone.remembering(database):
        await lived(alone, ada)
        await verified(alone)
        making = asyncio.create_task(rebuilt(alone))
        counts = set()
        while not making.done():
            counts.add((await alone.sql("select count(*) from tasks", ada)).rows[0][0])
            await alone.record(tasks.TaskRenamed(task="t1", before="task 1", title="new name"), ada)
        assert counts == {1100}
        assert (await making).mended == 0
        assert await verified(alone) == []
        assert (await alone.sql("select title from tasks where id = 't1'", ada)).rows == (("new name",),)
