"""The task list as its events make it: a pure fold, and finding the task that words mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Literal

import msgspec

from proto import errors
from proto.board import Touch
from proto.events import Event
from proto.kinds import happening
from proto.sorting import TOLD, Order, Place, TasksSorted, place_in
from proto.tasks import (
    Task,
    TaskAdded,
    TaskCompleted,
    TaskDeleted,
    TaskMoved,
    TaskRenamed,
    TaskReopened,
    TaskRestored,
)

NAMED = 5
"""How many tasks a message names at most."""


class Tasks:
    """One user's list, in order."""

    def __init__(self) -> None:
        self._tasks: list[Task] = []
        self._touches: dict[str, Touch] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def ordered(self) -> tuple[Task, ...]:
        """Return the tasks with their places, counted from 1."""
        return tuple(msgspec.structs.replace(task, position=place) for place, task in enumerate(self._tasks, 1))

    def touch(self, task: str) -> Touch:
        """Return the last change of a task that is on the list."""
        return self._touches[task]

    def apply(self, event: Event) -> None:
        """Let one event happen; kinds of another noun change nothing."""
        what = happening(event)
        self._touches[getattr(what, "task", "")] = Touch(event=event.id, time=event.time)
        match what:
            case TaskAdded(task=task, title=title):
                self._tasks.append(Task(id=task, title=title, actor=event.actor))
            case TaskCompleted(task=task):
                self._change(task, event.actor, done=True)
            case TaskReopened(task=task):
                self._change(task, event.actor, done=False)
            case TaskRenamed(task=task, title=title):
                self._change(task, event.actor, title=title)
            case TaskDeleted(task=task):
                self._tasks = [kept for kept in self._tasks if kept.id != task]
                del self._touches[task]
            case TaskRestored(task=task, title=title, position=position, done=done):
                self._tasks.insert(position - 1, Task(id=task, title=title, done=done, actor=event.actor))
            case TaskMoved(task=task, position=position):
                self._move(task, position, event.actor)
            case TasksSorted(order=order):
                self._tasks.sort(key=place_in(order))

    def sorting(self, by: Order) -> TasksSorted | None:
        """What happens when the list is sorted; None when it is in that order."""
        keys: dict[Order, Callable[[Task], str | bool]] = {
            "title": lambda task: task.title.casefold(),
            "newest": attrgetter("id"),
            "oldest": attrgetter("id"),
            "open": attrgetter("done"),
        }
        return self._put(sorted(self._tasks, key=keys[by], reverse=by == "newest"), by)

    def arranging(self, order: Sequence[str]) -> TasksSorted | None:
        """What happens when the list goes back into an order; None when it is in it."""
        return self._put(sorted(self._tasks, key=place_in(order)), "before")

    def _put(self, wanted: Sequence[Task], by: Literal[Order, "before"]) -> TasksSorted | None:
        before = {task.id: place for place, task in enumerate(self._tasks, 1)}
        places = [
            Place(title=task.title, before=before[task.id], position=place)
            for place, task in enumerate(wanted, 1)
            if before[task.id] != place
        ]
        if not places:
            return None
        order = tuple(task.id for task in wanted)
        return TasksSorted(by=by, before=tuple(before), order=order, moved=len(places), places=tuple(places[:TOLD]))

    def get(self, task: str) -> Task | None:
        """Return a task by its id."""
        return next((found for found in self.ordered() if found.id == task), None)

    def find(self, words: str) -> Task:
        """Return the task meant by an id, a number, a title or words of it; Missing or Ambiguous otherwise."""
        tasks = self.ordered()
        for matching in (_by_id, _by_title, _by_number, _by_words):
            found = matching(tasks, words.strip())
            if len(found) == 1:
                return found[0]
            if found:
                raise errors.Ambiguous(f"Several tasks match '{words}': {_names(found)}. Use the number.")
        raise errors.Missing(f"No task matches '{words}'. {_offer(tasks)}")

    def _change(self, task: str, actor: str, **fields: object) -> None:
        changed = dict(fields, actor=actor)
        self._tasks = [msgspec.structs.replace(kept, **changed) if kept.id == task else kept for kept in self._tasks]

    def _move(self, task: str, position: int, actor: str) -> None:
        moved = [kept for kept in self._tasks if kept.id == task]
        self._tasks = [kept for kept in self._tasks if kept.id != task]
        self._tasks[position - 1 : position - 1] = moved
        self._change(task, actor)


def _by_id(tasks: Sequence[Task], words: str) -> list[Task]:
    return [task for task in tasks if task.id == words]


def _by_title(tasks: Sequence[Task], words: str) -> list[Task]:
    same = [task for task in tasks if task.title.casefold() == words.casefold()]
    return [task for task in same if not task.done][:1] or same[:1]


def _by_number(tasks: Sequence[Task], words: str) -> list[Task]:
    number = words.removeprefix("#")
    return [task for task in tasks if number.isdecimal() and task.position == int(number)]


def _by_words(tasks: Sequence[Task], words: str) -> list[Task]:
    """Return those that contain all the words; open ones are meant before done ones."""
    wanted = words.casefold().removeprefix("the ").split()
    found = [task for task in tasks if wanted and all(word in task.title.casefold() for word in wanted)]
    return [task for task in found if not task.done] or found


def _names(tasks: Sequence[Task]) -> str:
    named = ", ".join(f"{task.position} '{task.title}'" for task in tasks[:NAMED])
    return f"{named} and {len(tasks) - NAMED} more" if len(tasks) > NAMED else named


def _offer(tasks: Sequence[Task]) -> str:
    return f"The list has {_names(tasks)}." if tasks else "The list is empty."
