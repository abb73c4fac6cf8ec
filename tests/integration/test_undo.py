"""One undo line, shared by a user and the model: back, forward, and never through what others build on."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from proto import errors, events, sorting, tasks, undo
from proto.base import Caller
from services.tasks.main import serve as serve_tasks
from services.tasks.settings import TasksSettings
from services.undo.main import serve
from services.undo.settings import UndoSettings
from tests.support.running import running


class Line:
    """A user with a task list and an undo line."""

    def __init__(self, cli, llm, user: Caller) -> None:
        self.cli = cli
        self.llm = llm
        self.user = user
        self.model = msgspec.structs.replace(user, actor="model")

    async def titles(self) -> list[str]:
        found = await self.cli.call(tasks.LIST, tasks.ListTasks(), caller=self.user)
        return [f"{task.title}{' (done)' if task.done else ''}" for task in found.tasks]

    async def add(self, *names: str) -> None:
        for title in names:
            await self.cli.call(tasks.ADD, tasks.AddTask(title=title), caller=self.user)

    async def undo(self, count: int = 1, **changes: object) -> undo.Undone:
        caller = msgspec.structs.replace(self.user, **changes)
        return await self.cli.call(undo.LAST, undo.UndoLast(count=count), caller=caller)

    async def step(self, step: str, *, together: bool = False) -> undo.Undone:
        return await self.cli.call(undo.STEP, undo.UndoStep(step=step, together=together), caller=self.user)

    async def redo(self, count: int = 1) -> undo.Undone:
        return await self.cli.call(undo.REDO, undo.Redo(count=count), caller=self.user)

    async def preview(self, step: str = "") -> undo.Previewed:
        return await self.cli.call(undo.PREVIEW, undo.Preview(step=step), caller=self.user)


@pytest.fixture
async def line(open_bus, ada):
    cli = await open_bus("cli")
    async with (
        running(serve_tasks, TasksSettings(), await open_bus("tasks")),
        running(serve, UndoSettings(), await open_bus("undo")),
        running(serve, UndoSettings(), await open_bus("undo")),
    ):
        yield Line(cli, await open_bus("llm"), ada)


async def test_every_kind_of_change_is_undone_and_done_again(line):
    await line.add("buy milk", "call mum", "fix bike")
    states = [await line.titles()]
    for call, request in (
        (tasks.COMPLETE, tasks.CompleteTask(task="milk")),
        (tasks.RENAME, tasks.RenameTask(task="mum", title="call dad")),
        (tasks.MOVE, tasks.MoveTask(task="bike", position=1)),
        (tasks.REOPEN, tasks.ReopenTask(task="milk")),
        (tasks.DELETE, tasks.DeleteTask(task="dad")),
        (tasks.ADD, tasks.AddTask(title="read a book")),
        (sorting.SORT, sorting.SortTasks(by="newest")),
    ):
        await line.cli.call(call, request, caller=line.user)
        states.append(await line.titles())
    for state in reversed(states[:-1]):
        await line.undo()
        assert await line.titles() == state
    for state in states[1:]:
        await line.redo()
        assert await line.titles() == state
    await line.undo(7)
    assert await line.titles() == states[0]
    await line.redo(7)
    assert await line.titles() == states[-1]


async def test_a_deleted_task_comes_back_done_and_in_its_place(line):
    await line.add("one", "two", "three")
    await line.cli.call(tasks.COMPLETE, tasks.CompleteTask(task="two"), caller=line.user)
    await line.cli.call(tasks.DELETE, tasks.DeleteTask(task="two"), caller=line.user)
    undone = await line.undo()
    assert undone.sentence == "Undid: Deleted task 'two'"
    assert await line.titles() == ["one", "two (done)", "three"]


async def test_the_user_undoes_what_the_model_did_and_the_other_way_round(line):
    await line.add("buy milk")
    await line.llm.call(tasks.ADD, tasks.AddTask(title="by the model"), caller=line.model)
    await line.undo()
    assert await line.titles() == ["buy milk"]
    await line.llm.call(undo.LAST, undo.UndoLast(), caller=line.model)
    assert await line.titles() == []


async def test_undoing_deletes_nothing_and_is_an_event_with_a_cause(line):
    await line.add("buy milk")
    await line.undo()
    added, deleted = await line.cli.journal.read(events.of_noun("task", line.user.user))
    (undone,) = await line.cli.journal.read(events.of_noun("undo", line.user.user))
    assert (deleted.event.kind, deleted.event.cause) == ("task.deleted", added.event.id)
    assert (undone.event.sentence, undone.event.cause) == ("Undid: Added task 'buy milk'", deleted.event.id)


async def test_what_later_changes_build_on_is_undone_only_with_them_after_a_preview(line):
    await line.add("buy milk", "call mum")
    await line.cli.call(tasks.RENAME, tasks.RenameTask(task="milk", title="buy bread"), caller=line.user)
    await line.cli.call(tasks.COMPLETE, tasks.CompleteTask(task="bread"), caller=line.user)
    with pytest.raises(errors.Refused) as refused:
        await line.step("added milk")
    assert refused.value.message == (
        "'Added task 'buy milk'' cannot be undone alone, because later changes build on it:"
        " Completed task 'buy bread'; Renamed task 'buy milk' to 'buy bread'. They can be undone together:"
        " `daimon undo --together`, or on the Undo page."
    )
    assert await line.titles() == ["buy bread (done)", "call mum"]
    seen = [step.sentence for step in (await line.preview("added milk")).steps]
    assert seen == ["Completed task 'buy bread'", "Renamed task 'buy milk' to 'buy bread'", "Added task 'buy milk'"]
    undone = await line.step("added milk", together=True)
    assert [step.sentence for step in undone.steps] == seen
    assert await line.titles() == ["call mum"]


async def test_an_old_change_that_nothing_builds_on_is_undone_alone(line):
    await line.add("buy milk", "call mum")
    await line.step("added milk")
    assert await line.titles() == ["call mum"]
    with pytest.raises(errors.Refused, match="That is undone already: Added task 'buy milk'"):
        await line.step("added milk")


async def test_a_new_change_closes_the_way_back(line):
    await line.add("buy milk")
    await line.undo()
    await line.add("buy bread")
    with pytest.raises(errors.Missing, match="nothing was undone since the last change"):
        await line.redo()
    assert await line.titles() == ["buy bread"]


async def test_the_same_request_undoes_once(line):
    await line.add("one", "two", "three")
    first = await line.undo(key="the same")
    again = await line.undo(key="the same")
    assert (first.event, first.sentence) == (again.event, again.sentence)
    assert await line.titles() == ["one", "two"]


async def test_two_who_undo_at_once_undo_one_thing_once_or_two_things(line):
    await line.add("one", "two", "three", "four")
    undone = await asyncio.gather(line.undo(), line.undo(), line.undo())
    assert len(await line.titles()) == 4 - len({each.event for each in undone})


async def test_nothing_to_undo_is_said(line):
    with pytest.raises(errors.Missing, match="There is nothing to undo"):
        await line.undo()
    assert (await line.preview()).sentence == "There is nothing to undo."


async def test_nobody_undoes_what_somebody_else_did(line):
    await line.add("buy milk")
    other = Caller(user=f"{line.user.user}-other")
    with pytest.raises(errors.Missing):
        await line.cli.call(undo.LAST, undo.UndoLast(), caller=other)
    with pytest.raises(errors.Missing):
        await line.cli.call(undo.STEP, undo.UndoStep(step="milk"), caller=other)


async def test_the_line_is_read_in_pages_newest_first_with_what_was_undone_in_its_place(line):
    await line.add("one", "two", "three")
    await line.undo()
    read = await line.cli.call(undo.LINE, undo.ReadLine(limit=2), caller=line.user)
    assert [(step.sentence, step.undone) for step in read.steps] == [
        ("Added task 'three'", True),
        ("Added task 'two'", False),
    ]
    assert read.redo == read.steps[0]
    rest = await line.cli.call(undo.LINE, undo.ReadLine(before=read.older, limit=2), caller=line.user)
    assert [step.sentence for step in rest.steps] == ["Added task 'one'"]
    assert rest.older == ""
