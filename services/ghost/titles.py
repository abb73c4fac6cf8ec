"""What the tasks are called, as far as it must be known which of them can still be done, moved or deleted."""

from __future__ import annotations

import msgspec

from proto.events import Event
from proto.kinds import happening
from proto.suggestions import SAME
from proto.tasks import TaskAdded, TaskCompleted, TaskDeleted, TaskRenamed, TaskReopened, TaskRestored
from services.ghost.deeds import Form, Value


class Titled(msgspec.Struct, frozen=True):
    """A task on the list."""

    id: str
    title: str
    done: bool = False


class Titles:
    """The tasks of one person by their ids."""

    def __init__(self) -> None:
        self._tasks: dict[str, Titled] = {}

    def apply(self, event: Event) -> None:
        """Let one event happen; kinds of another noun change nothing."""
        if not event.kind.startswith("task."):
            return
        match happening(event):
            case TaskAdded(task=task, title=title) | TaskReopened(task=task, title=title):
                self._tasks[task] = Titled(task, title)
            case TaskCompleted(task=task, title=title):
                self._tasks[task] = Titled(task, title, done=True)
            case TaskRestored(task=task, title=title, done=done):
                self._tasks[task] = Titled(task, title, done)
            case TaskRenamed(task=task, title=title) if task in self._tasks:
                self._tasks[task] = msgspec.structs.replace(self._tasks[task], title=title)
            case TaskDeleted(task=task):
                self._tasks.pop(task, None)

    def get(self, task: str) -> Titled | None:
        """Return a task by its id."""
        return self._tasks.get(task)

    def find(self, title: str) -> list[Titled]:
        """Return the tasks of a title, newest first."""
        wanted = title.casefold()
        return [each for each in reversed(self._tasks.values()) if each.title.casefold() == wanted]


class CannotBe(Exception):
    """There is nothing that a step could be done to."""


def done_to(
    form: Form, given: dict[str, Value], titles: Titles, before: Titled | None
) -> tuple[dict[str, Value], Titled | None]:
    """Return the arguments of a step with the task that it is done to, and that task as it is then."""
    if form.action == "tasks.add":
        title = str(given["title"])
        if any(not each.done for each in titles.find(title)):
            raise CannotBe
        return given, Titled(SAME, title)
    if "task" not in given:
        return given, before
    found = [before] if given["task"] == SAME else titles.find(str(given["task"]))
    task = next((each for each in found if each and _fits(form.action, each)), None)
    if task is None:
        raise CannotBe
    done = {"tasks.complete": True, "tasks.reopen": False}.get(form.action, task.done)
    return {**given, "task": task.id}, Titled(task.id, task.title, done)


def _fits(action: str, task: Titled) -> bool:
    """Tell whether something can be done to a task as it is."""
    return {"tasks.complete": not task.done, "tasks.reopen": task.done}.get(action, True)
