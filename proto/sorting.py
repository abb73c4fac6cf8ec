"""Sorting the whole task list: the action, its way back, and what happens to the list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, ClassVar, Literal, Protocol

import msgspec
from msgspec import Meta

from proto.base import Action, Call
from proto.events import Happening, Inverse
from proto.phrasings import PHRASINGS
from proto.tasks import TaskList, ordinal

SORTABLE = 5000
"""How many tasks can be sorted at once: the event that says so names each of them twice, and has to fit a message."""
TOLD = 3
"""How many moves the sentence of a sorting names."""
Order = Literal["title", "newest", "oldest", "open"]


class SortTasks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sort the whole task list once: by title, newest first, oldest first, or open ones first."""

    by: Annotated[Order, Meta(description="What comes first")] = "title"


class ArrangeTasks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Put the list into an order that it had; what is not named comes last, as it stands."""

    order: Annotated[tuple[str, ...], Meta(max_length=SORTABLE)]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A task that went from one place to another."""

    title: str
    before: int
    position: int

    def __str__(self) -> str:
        return f"'{self.title}' from {ordinal(self.before)} to {ordinal(self.position)}"


class TasksSorted(Happening, frozen=True, kw_only=True):
    """The whole list was put into another order."""

    kind: ClassVar[str] = "task.sorted"
    by: Literal[Order, "before"]
    """What came first, or `before` where an earlier order came back."""
    before: tuple[str, ...]
    """The ids of the tasks in the order that was."""
    order: tuple[str, ...]
    """Their ids in the order that is."""
    moved: int
    """How many changed their place."""
    places: tuple[Place, ...]
    """The first of those."""

    def sentence(self) -> str:
        more = f" and {self.moved - len(self.places)} more" if self.moved > len(self.places) else ""
        how = "Put the list back in its order" if self.by == "before" else f"Sorted the list, {HOW[self.by]}"
        return f"{how}: {', '.join(map(str, self.places))}{more}"

    def inverse(self) -> Inverse:
        return Inverse(call=ARRANGE, request=ArrangeTasks(order=self.before), thing="order of tasks")


class Identified(Protocol):
    """What has an id: a task, or its row in SQL."""

    @property
    def id(self) -> str:
        """Return it."""


def place_in(order: Sequence[str]) -> Callable[[Identified], int]:
    """Return the sort key that puts tasks into an order of their ids; those not named come last, as they stand."""
    places = {task: place for place, task in enumerate(order)}
    return lambda task: places.get(task.id, len(places))


HOW = {"title": "by title", "newest": "newest first", "oldest": "oldest first", "open": "open ones first"}


SORT = Action(
    "daimon.do.{user}.{actor}.tasks.sort",
    SortTasks,
    TaskList,
    phrasings=PHRASINGS["tasks.sort"],
    inverse="tasks.arrange",
)
ARRANGE = Call("daimon.do.{user}.{actor}.tasks.arrange", ArrangeTasks, TaskList)
ACTIONS = (SORT,)
CALLS = (ARRANGE,)
INVERSES = (ARRANGE,)
KINDS: tuple[type[Happening], ...] = (TasksSorted,)
