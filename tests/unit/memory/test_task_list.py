"""The task list as memory folds it."""

from __future__ import annotations

import random

import pytest

from proto import sorting, tasks
from proto.base import Caller
from proto.events import Happening, Recorded, happened
from services.memory.entries import Entry, entry
from services.memory.projections.tasks import fold
from services.tasks.list import Tasks

TITLES = ("milk", "bread", "mum", "bike", "rent")


def entries(*happenings: Happening) -> list[Entry]:
    caller = Caller(user="ada", actor="model")
    return [
        entry(Recorded(sequence=place, event=happened(what, caller))) for place, what in enumerate(happenings, start=1)
    ]


def added(*ids: str) -> list[Happening]:
    return [tasks.TaskAdded(task=task, title=task) for task in ids]


def shape(found) -> list[tuple[int, str, bool]]:
    return [(task.position, task.title, task.done) for task in found]


def test_a_moved_task_pushes_the_others():
    found = fold([], entries(*added("a", "b", "c"), tasks.TaskMoved(task="c", title="c", before=3, position=1)))
    assert shape(found) == [(1, "c", False), (2, "a", False), (3, "b", False)]


def test_a_deleted_task_leaves_no_gap():
    gone = tasks.TaskDeleted(task="a", title="a", position=1, done=False)
    assert shape(fold([], entries(*added("a", "b"), gone))) == [(1, "b", False)]


def test_it_goes_on_from_the_rows_that_are_there():
    before = fold([], entries(*added("a", "b")))
    after = fold(before, entries(tasks.TaskCompleted(task="b", title="b")))
    assert shape(after) == [(1, "a", False), (2, "b", True)]
    assert after[0] == before[0]
    assert after[1].added == before[1].added < after[1].changed


def test_an_event_of_a_task_that_is_not_there_changes_nothing():
    assert shape(fold([], entries(*added("a"), tasks.TaskCompleted(task="z", title="z")))) == [(1, "a", False)]


def test_a_task_that_is_added_twice_is_there_once():
    again = tasks.TaskAdded(task="a", title="again")
    assert shape(fold([], entries(*added("a", "b"), again))) == [(1, "a", False), (2, "b", False)]


@pytest.mark.parametrize("seed", range(20))
def test_it_is_the_list_that_the_tasks_service_answers_with(seed):
    story = random_story(random.Random(seed))
    theirs = Tasks()
    for what in story:
        theirs.apply(happened(what, Caller(user="ada", actor="model")))
    assert shape(fold([], entries(*story))) == shape(theirs.ordered())


def random_story(chance: random.Random) -> list[Happening]:
    return [random_step(chance, f"t{chance.randrange(8)}", number) for number in range(60)]


def random_step(chance: random.Random, task: str, number: int) -> Happening:
    title = chance.choice(TITLES)
    return chance.choice(
        [
            tasks.TaskAdded(task=f"t{number}", title=title),
            tasks.TaskCompleted(task=task, title=title),
            tasks.TaskReopened(task=task, title=title),
            tasks.TaskRenamed(task=task, before="", title=title),
            tasks.TaskDeleted(task=task, title=title, position=1, done=False),
            tasks.TaskMoved(task=task, title=title, before=1, position=chance.randrange(1, 6)),
            sorting.TasksSorted(by="title", before=(), order=(f"t{number - 2}", task, "t1"), moved=2, places=()),
        ]
    )
