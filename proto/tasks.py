"""The task list: its actions and what happens to it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from proto.base import Action, Call
from proto.events import Happening, Inverse
from proto.moments import AsOf
from proto.phrasings import PHRASINGS

Title = Annotated[str, Meta(min_length=1, max_length=500, description="What is to be done, in the user's own words")]
TaskRef = Annotated[
    str,
    Meta(min_length=1, max_length=500, description="Which task: its number in the list, words of its title, or its id"),
]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do."""

    id: str
    title: str
    done: bool = False
    position: int = 1
    """Its place in the list, counted from 1."""
    actor: str = "user"
    """Who touched it last."""


class AddTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Add a task to the user's task list."""

    title: Title


class ListTasks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """List the tasks on the user's task list, in order."""

    filter: Annotated[str, Meta(max_length=500, description="Only tasks whose title contains these words")] = ""
    as_of: AsOf = ""


class CompleteTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Mark a task as done."""

    task: TaskRef


class ReopenTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Mark a task as not done again."""

    task: TaskRef


class RenameTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Change the title of a task."""

    task: TaskRef
    title: Title


class DeleteTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Remove a task from the list."""

    task: TaskRef


class MoveTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Move a task to another place in the list."""

    task: TaskRef
    position: Annotated[int, Meta(ge=1, le=100_000, description="The new place, 1 is the top")]


class RestoreTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Put a deleted task back as it was."""

    task: Annotated[str, Meta(min_length=1, max_length=100)]
    title: Title
    position: Annotated[int, Meta(ge=1, le=100_000)]
    done: bool = False


class TaskChange(msgspec.Struct, frozen=True, kw_only=True):
    """What an action did to a task."""

    task: Task
    sentence: str
    event: str = ""
    """The id of the event that recorded it."""


class TaskList(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks in order."""

    tasks: tuple[Task, ...]
    sentence: str = ""
    event: str = ""
    """The id of the event that changed its order, where one did."""


class TaskAdded(Happening, frozen=True, kw_only=True):
    """A task came onto the list, at its end."""

    kind: ClassVar[str] = "task.added"
    task: str
    title: str

    def sentence(self) -> str:
        return f"Added task '{self.title}'"

    def inverse(self) -> Inverse:
        return _inverse(self.task, DELETE, DeleteTask(task=self.task))


class TaskCompleted(Happening, frozen=True, kw_only=True):
    """A task was marked done."""

    kind: ClassVar[str] = "task.completed"
    task: str
    title: str

    def sentence(self) -> str:
        return f"Completed task '{self.title}'"

    def inverse(self) -> Inverse:
        return _inverse(self.task, REOPEN, ReopenTask(task=self.task))


class TaskReopened(Happening, frozen=True, kw_only=True):
    """A task was marked not done."""

    kind: ClassVar[str] = "task.reopened"
    task: str
    title: str

    def sentence(self) -> str:
        return f"Reopened task '{self.title}'"

    def inverse(self) -> Inverse:
        return _inverse(self.task, COMPLETE, CompleteTask(task=self.task))


class TaskRenamed(Happening, frozen=True, kw_only=True):
    """A task got another title."""

    kind: ClassVar[str] = "task.renamed"
    task: str
    before: str
    title: str

    def sentence(self) -> str:
        return f"Renamed task '{self.before}' to '{self.title}'"

    def inverse(self) -> Inverse:
        return _inverse(self.task, RENAME, RenameTask(task=self.task, title=self.before))


class TaskDeleted(Happening, frozen=True, kw_only=True):
    """A task left the list."""

    kind: ClassVar[str] = "task.deleted"
    task: str
    title: str
    position: int
    done: bool

    def sentence(self) -> str:
        return f"Deleted task '{self.title}'"

    def inverse(self) -> Inverse:
        return _inverse(
            self.task, RESTORE, RestoreTask(task=self.task, title=self.title, position=self.position, done=self.done)
        )


class TaskMoved(Happening, frozen=True, kw_only=True):
    """A task changed its place."""

    kind: ClassVar[str] = "task.moved"
    task: str
    title: str
    before: int
    position: int

    def sentence(self) -> str:
        return f"Moved task '{self.title}' from {ordinal(self.before)} to {ordinal(self.position)}"

    def inverse(self) -> Inverse:
        return _inverse(self.task, MOVE, MoveTask(task=self.task, position=self.before))


class TaskRestored(Happening, frozen=True, kw_only=True):
    """A deleted task came back to its place."""

    kind: ClassVar[str] = "task.restored"
    task: str
    title: str
    position: int
    done: bool

    def sentence(self) -> str:
        return f"Put task '{self.title}' back"

    def inverse(self) -> Inverse:
        return _inverse(self.task, DELETE, DeleteTask(task=self.task))


def _inverse(task: str, call: Call[Any, Any], request: msgspec.Struct) -> Inverse:
    return Inverse(call=call, request=request, thing=f"task {task}")


def ordinal(number: int) -> str:
    """1 → 1st, 2 → 2nd, 11 → 11th."""
    teens = 10 <= number % 100 <= 20
    suffix = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


ADD = Action(
    "daimon.do.{user}.{actor}.tasks.add",
    AddTask,
    TaskChange,
    phrasings=PHRASINGS["tasks.add"],
    inverse="tasks.delete",
)
LIST = Action(
    "daimon.do.{user}.{actor}.tasks.list",
    ListTasks,
    TaskList,
    risk="read",
    phrasings=PHRASINGS["tasks.list"],
)
COMPLETE = Action(
    "daimon.do.{user}.{actor}.tasks.complete",
    CompleteTask,
    TaskChange,
    phrasings=PHRASINGS["tasks.complete"],
    inverse="tasks.reopen",
)
REOPEN = Action(
    "daimon.do.{user}.{actor}.tasks.reopen",
    ReopenTask,
    TaskChange,
    phrasings=PHRASINGS["tasks.reopen"],
    inverse="tasks.complete",
)
RENAME = Action(
    "daimon.do.{user}.{actor}.tasks.rename",
    RenameTask,
    TaskChange,
    phrasings=PHRASINGS["tasks.rename"],
    inverse="tasks.rename",
)
DELETE = Action(
    "daimon.do.{user}.{actor}.tasks.delete",
    DeleteTask,
    TaskChange,
    phrasings=PHRASINGS["tasks.delete"],
    inverse="tasks.restore",
)
MOVE = Action(
    "daimon.do.{user}.{actor}.tasks.move",
    MoveTask,
    TaskChange,
    phrasings=PHRASINGS["tasks.move"],
    inverse="tasks.move",
)
RESTORE = Call("daimon.do.{user}.{actor}.tasks.restore", RestoreTask, TaskChange)
ACTIONS = (ADD, LIST, COMPLETE, REOPEN, RENAME, DELETE, MOVE)
CALLS = (RESTORE,)
INVERSES = (DELETE, REOPEN, COMPLETE, RENAME, RESTORE, MOVE)
"""What undoes a change of the list."""
KINDS: tuple[type[Happening], ...] = (
    TaskAdded,
    TaskCompleted,
    TaskReopened,
    TaskRenamed,
    TaskDeleted,
    TaskMoved,
    TaskRestored,
)
