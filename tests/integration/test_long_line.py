"""A long line of changes, of which memory knows the places; and what it has counted of the log."""

from __future__ import annotations

import contextlib

import psycopg
import pytest

from proto import changes, chat, choices, tasks, titles, undo
from proto.base import Caller, Nothing
from services.runtime.bus import Bus
from services.tasks.main import serve as serve_tasks
from services.tasks.settings import TasksSettings
from services.undo.lines import LOOKS
from services.undo.main import serve
from services.undo.settings import UndoSettings
from tests.support.running import running

pytest_plugins = ("tests.integration.memory_fixtures",)

MANY = 2 * LOOKS[0]


@contextlib.asynccontextmanager
async def undoing(daimon):
    """An undo service that has just started."""
    async with Bus.open(daimon.nats.settings("undo"), "undo") as bus, running(serve, UndoSettings(), bus):
        yield


@pytest.fixture
async def long_line(alone, database, ada):
    """Somebody whose changes are more than are looked at first, all of them in memory."""
    async with (
        Bus.open(alone.nats.settings("tasks"), "tasks") as bus,
        running(serve_tasks, TasksSettings(), bus),
        alone.remembering(database),
    ):
        sequence = 0
        for number in range(MANY):
            _, sequence = await alone.record(tasks.TaskAdded(task=f"t{number}", title=f"task number{number}"), ada)
        await alone.projected(sequence)
        yield alone


async def read(daimon, caller, before="", limit=200):
    return await daimon.cli.call(undo.LINE, undo.ReadLine(before=before, limit=limit), caller=caller)


async def test_all_of_a_long_line_is_read_piece_by_piece(long_line, ada):
    async with undoing(long_line):
        first = await read(long_line, ada, limit=50)
        assert [step.sentence for step in first.steps[:1]] == [f"Added task 'task number{MANY - 1}'"]
        found, older = [*first.steps], first.older
        while older:
            piece = await read(long_line, ada, before=older)
            found, older = [*found, *piece.steps], piece.older
    assert [step.sentence for step in found] == [f"Added task 'task number{MANY - 1 - n}'" for n in range(MANY)]


async def test_the_oldest_change_is_undone_and_done_again_after_a_start(long_line, ada):
    async with undoing(long_line):
        undone = await long_line.cli.call(undo.STEP, undo.UndoStep(step="number0"), caller=ada)
        assert undone.sentence == "Undid: Added task 'task number0'"
    async with undoing(long_line):
        assert (await read(long_line, ada)).redo.sentence == "Added task 'task number0'"
        again = await long_line.cli.call(undo.REDO, undo.Redo(), caller=ada)
        assert again.sentence == "Did again: Added task 'task number0'"
    listed = (await long_line.cli.call(tasks.LIST, tasks.ListTasks(), caller=ada)).tasks
    assert listed[0].title == "task number0"


async def test_the_last_change_is_undone_where_memory_has_nothing_of_it_yet(long_line, ada):
    await long_line.cli.call(tasks.ADD, tasks.AddTask(title="brand new"), caller=ada)
    async with undoing(long_line):
        undone = await long_line.cli.call(undo.LAST, undo.UndoLast(), caller=ada)
        assert undone.sentence == "Undid: Added task 'brand new'"
    again = Caller(user=ada.user, key="once")
    async with undoing(long_line):
        first = await long_line.cli.call(undo.LAST, undo.UndoLast(), caller=again)
    last = await long_line.cli.journal.last("daimon.record.>")
    await long_line.projected(last.sequence)
    async with undoing(long_line):
        second = await long_line.cli.call(undo.LAST, undo.UndoLast(), caller=again)
    assert (first.event, first.sentence) == (second.event, second.sentence)


async def test_nobody_sees_the_changes_of_somebody_else(long_line):
    async with undoing(long_line):
        assert (await read(long_line, Caller(user="mallory"))).steps == ()


async def test_versions_are_compared_by_what_came_of_them(daimon, ada):
    turns = []
    for number, (version, outcome) in enumerate(((0, "done"), (1, "done"), (1, "done"), (1, "failed"))):
        here = Caller(user=ada.user, conversation=f"c{number}")
        turn, _ = await daimon.record(chat.Asked(text="hello"), here)
        answered = chat.Answered(
            turn=turn, text="yes", outcome=outcome, steps=number + 1, instructions={"system": version}
        )
        await daimon.record(answered, here)
        turns.append(turn)
        await daimon.record(
            titles.Titled(title="Hello", version=1), Caller(user=ada.user, actor="model", conversation=f"c{number}")
        )
    for place, worth in ((0, "up"), (1, "up"), (1, "down"), (2, "up"), (2, "none")):
        await daimon.record(choices.Rated(turn=turns[place], worth=worth, before="none"), ada)
    await daimon.record(choices.Rated(turn="no id", worth="up", before="none"), ada)
    _, sequence = await daimon.record(
        titles.Titled(title="Better", before="Hello"), Caller(user=ada.user, conversation="c0")
    )
    await daimon.projected(sequence)
    found = (await daimon.cli.call(choices.COUNTS, Nothing(), caller=ada)).counts
    assert [(each.job, each.number, each.answers, each.failed, each.up, each.down, each.steps) for each in found] == [
        ("system", 0, 1, 0, 1, 0, 1.0),
        ("system", 1, 3, 1, 0, 1, 3.0),
        ("title", 1, 4, 0, 0, 1, 1.0),
    ]
    assert (await daimon.cli.call(choices.COUNTS, Nothing(), caller=Caller(user="mallory"))).counts == ()


async def test_a_database_from_before_is_gone_through_when_it_is_opened(alone, database, ada):
    async with alone.remembering(database):
        here = Caller(user=ada.user, conversation="c")
        turn, _ = await alone.record(chat.Asked(text="hello"), here)
        for what in (
            chat.Answered(turn=turn, text="yes", instructions={"system": 0}),
            choices.Rated(turn=turn, worth="up", before="none"),
        ):
            _, sequence = await alone.record(what, here)
        await alone.projected(sequence)
        before = await counted(alone, ada)
    async with await psycopg.AsyncConnection.connect(database.database, autocommit=True) as connection:
        await connection.execute("DELETE FROM changes; DELETE FROM outcomes; DELETE FROM ratings")
        await connection.execute("INSERT INTO unmade VALUES ('changes'), ('outcomes')")
    async with alone.remembering(database):
        _, sequence = await alone.record(chat.Asked(text="and now?"), ada)
        await alone.projected(sequence)
        assert await counted(alone, ada) == before
    assert [each.up for each in before[0]] == [1]
    assert len(before[1]) == 1


async def counted(daimon, caller):
    counts = (await daimon.cli.call(choices.COUNTS, Nothing(), caller=caller)).counts
    async with Bus.open(daimon.nats.settings("undo"), "undo") as bus:
        return counts, (await bus.call(changes.PLACES, changes.ReadPlaces(limit=10), caller=caller)).places
