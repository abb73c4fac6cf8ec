"""The task list through the bus, on a real NATS."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from proto import board, errors, events, sorting, tasks
from services.runtime.bus import Bus
from services.tasks.main import serve
from services.tasks.settings import TasksSettings


@pytest.fixture
async def cli(open_bus):
    """A client, with two tasks services that share the work."""
    async with asyncio.TaskGroup() as group:
        running = []
        for _ in range(2):
            ready = asyncio.Event()
            running.append(group.create_task(serve(TasksSettings(limit=20), await open_bus("tasks"), ready.set)))
            await ready.wait()
        yield await open_bus("cli")
        for task in running:
            task.cancel()


async def titles(cli: Bus, ada) -> list[str]:
    found = await cli.call(tasks.LIST, tasks.ListTasks(), caller=ada)
    return [f"{task.position} {task.title}{' (done)' if task.done else ''}" for task in found.tasks]


async def add(cli: Bus, ada, *names: str) -> None:
    for name in names:
        await cli.call(tasks.ADD, tasks.AddTask(title=name), caller=ada)


async def test_a_list_is_what_its_events_made_it(cli, ada):
    await add(cli, ada, "buy milk", "call mum", "fix bike")
    await cli.call(tasks.COMPLETE, tasks.CompleteTask(task="milk"), caller=ada)
    await cli.call(tasks.MOVE, tasks.MoveTask(task="fix", position=1), caller=ada)
    await cli.call(tasks.RENAME, tasks.RenameTask(task="3", title="call dad"), caller=ada)
    assert await titles(cli, ada) == ["1 fix bike", "2 buy milk (done)", "3 call dad"]
    await cli.call(tasks.DELETE, tasks.DeleteTask(task="fix bike"), caller=ada)
    await cli.call(tasks.REOPEN, tasks.ReopenTask(task="buy milk"), caller=ada)
    assert await titles(cli, ada) == ["1 buy milk", "2 call dad"]


async def test_a_sorted_list_says_what_went_where(cli, ada):
    await add(cli, ada, "pears", "Figs", "apples", "dates", "berries")
    done = await cli.call(sorting.SORT, sorting.SortTasks(), caller=ada)
    assert [task.title for task in done.tasks] == ["apples", "berries", "dates", "Figs", "pears"]
    moves = "'apples' from 3rd to 1st, 'berries' from 5th to 2nd, 'dates' from 4th to 3rd and 2 more"
    assert done.sentence == f"Sorted the list, by title: {moves}"
    await cli.call(tasks.COMPLETE, tasks.CompleteTask(task="apples"), caller=ada)
    await cli.call(sorting.SORT, sorting.SortTasks(by="open"), caller=ada)
    assert await titles(cli, ada) == ["1 berries", "2 dates", "3 Figs", "4 pears", "5 apples (done)"]
    with pytest.raises(errors.Refused, match="in that order already"):
        await cli.call(sorting.SORT, sorting.SortTasks(by="open"), caller=ada)


async def test_every_change_is_an_event_with_a_sentence(cli, ada):
    await add(cli, ada, "buy milk", "call mum")
    moved = await cli.call(tasks.MOVE, tasks.MoveTask(task="call mum", position=1), caller=ada)
    assert moved.sentence == "Moved task 'call mum' from 2nd to 1st"
    log = await cli.journal.read(events.of_noun("task", ada.user))
    assert [found.event.sentence for found in log] == [
        "Added task 'buy milk'",
        "Added task 'call mum'",
        moved.sentence,
    ]
    assert log[-1].event.id == moved.event


async def test_words_that_fit_several_tasks_are_answered_with_their_numbers(cli, ada):
    await add(cli, ada, "buy milk", "buy bread")
    with pytest.raises(errors.Ambiguous, match="1 'buy milk', 2 'buy bread'"):
        await cli.call(tasks.COMPLETE, tasks.CompleteTask(task="buy"), caller=ada)
    with pytest.raises(errors.Missing, match="The list has 1 'buy milk', 2 'buy bread'"):
        await cli.call(tasks.COMPLETE, tasks.CompleteTask(task="sleep"), caller=ada)


async def test_a_full_list_says_so(cli, ada):
    await add(cli, ada, *(f"task {number}" for number in range(20)))
    with pytest.raises(errors.Refused, match="it has 20 tasks"):
        await add(cli, ada, "one more")


async def test_a_title_of_blanks_is_refused(cli, ada):
    with pytest.raises(errors.Invalid, match="needs a title"):
        await add(cli, ada, " \n ")


async def test_changes_at_the_same_time_through_two_services_all_happen_once(cli, ada):
    await asyncio.gather(*(add(cli, ada, f"task {number}") for number in range(4)))
    found = await titles(cli, ada)
    assert sorted(line.partition(" ")[2] for line in found) == [f"task {number}" for number in range(4)]


async def test_the_same_key_asks_for_the_same_thing_once(cli, ada):
    twice = msgspec.structs.replace(ada, key="call-1")
    first = await cli.call(tasks.ADD, tasks.AddTask(title="buy milk"), caller=twice)
    again = await cli.call(tasks.ADD, tasks.AddTask(title="buy milk"), caller=twice)
    assert again == first
    assert await titles(cli, ada) == ["1 buy milk"]


async def test_one_user_does_not_see_the_tasks_of_another(cli, ada):
    await add(cli, ada, "buy milk")
    bob = msgspec.structs.replace(ada, user=f"{ada.user}-not")
    assert await titles(cli, bob) == []


async def test_an_editor_who_saw_another_title_is_told_and_changes_nothing(cli, ada):
    await add(cli, ada, "buy milk")
    (task,) = (await cli.call(board.READ, tasks.ListTasks(), caller=ada)).tasks
    await cli.call(tasks.RENAME, tasks.RenameTask(task=task.id, title="buy oat milk"), caller=ada)
    stale = board.EditTask(task=task.id, before="buy milk", title="buy rice")
    with pytest.raises(errors.Conflict, match="renamed to 'buy oat milk'"):
        await cli.call(board.EDIT, stale, caller=ada)
    assert await titles(cli, ada) == ["1 buy oat milk"]
    await cli.call(board.EDIT, msgspec.structs.replace(stale, before="buy oat milk"), caller=ada)
    assert await titles(cli, ada) == ["1 buy rice"]


async def test_each_task_names_the_event_that_touched_it_last(cli, ada):
    await add(cli, ada, "one", "two")
    changed = await cli.call(tasks.COMPLETE, tasks.CompleteTask(task="one"), caller=ada)
    found = await cli.call(board.READ, tasks.ListTasks(), caller=ada)
    assert found.touches[0].event == changed.event
    assert found.touches[1].event != changed.event
    assert [touch.time.tzinfo is not None for touch in found.touches] == [True, True]
