"""Somebody who uses Daimon: days of habits and of everything else, made from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from proto.accounts import Visited
from proto.base import Caller, new_id
from proto.chat import Answered, Asked
from proto.documents import DocumentUploaded
from proto.events import Event, Happening, Recorded, happened
from proto.memory import Searched
from proto.sandbox import CommandRan
from proto.sorting import Order, TasksSorted
from proto.tasks import TaskAdded, TaskCompleted, TaskDeleted, TaskMoved

FAITH = 0.85
"""How often a habit is kept."""
NOISE = 0.4
"""The share of doings that belong to no habit."""
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
THINGS = [
    "milk",
    "bread",
    "lamp",
    "bike",
    "tickets",
    "garden",
    "letter",
    "roof",
    "paint",
    "shoes",
    "taxes",
    "dentist",
    "rent",
    "window",
    "printer",
]
DOINGS = ["call", "mend", "clean", "order", "read", "write", "check", "plan", "visit", "ask"]


class Person:
    """One person; what they do is in the order of its happening."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - it must come out the same each time
        self._clock = START
        self._sequence = 0
        self._open: list[tuple[str, str]] = []
        self._habits: tuple[Callable[[], Iterator[Happening]], ...] = (
            self._shopping,
            self._finishing,
            self._handing_in,
            self._reporting,
        )

    def days(self, count: int) -> Iterator[Recorded]:
        """Yield what happens on so many days."""
        for day in range(count):
            for hour in sorted(self._random.sample((0, 3, 6, 10), k=self._random.randint(2, 4))):
                self._clock = START + timedelta(days=day, hours=hour, minutes=self._random.randint(0, 50))
                for what in self._session(morning=hour == 0):
                    yield (recorded := self._recorded(what))
                    if isinstance(what, Asked):
                        yield self._recorded(Answered(turn=recorded.event.id, text="Done.", outcome="done"))

    def _session(self, *, morning: bool) -> Iterator[Happening]:
        yield Visited(path="/tasks" if morning else self._random.choice(("/", "/tasks", "/memory")))
        if morning and self._keeps():
            yield self._sorted("open")
        for _ in range(self._random.randint(2, 5)):
            if self._random.random() < NOISE:
                yield self._anything()
            else:
                yield from self._random.choice(self._habits)()

    def _shopping(self) -> Iterator[Happening]:
        """What is to be bought is sorted in at once."""
        yield self._added(f"Buy {self._random.choice(THINGS)} {self._random.randint(1, 99)} in the shop")
        if self._keeps():
            yield self._sorted("title")

    def _finishing(self) -> Iterator[Happening]:
        """What is done goes off the list."""
        if not self._open:
            return
        task, title = self._open.pop(self._random.randrange(len(self._open)))
        yield TaskCompleted(task=task, title=title)
        if self._keeps():
            yield TaskDeleted(task=task, title=title, position=1, done=True)

    def _handing_in(self) -> Iterator[Happening]:
        """A file that was handed in is looked at."""
        name = f"{self._random.choice(THINGS)}.csv"
        yield DocumentUploaded(document=new_id(), name=name, size=10, media_type="text/csv", sha256="0" * 64)
        if self._keeps():
            yield CommandRan(command="python report.py", exit_code=0, seconds=0.1)

    def _reporting(self) -> Iterator[Happening]:
        """A round of four things."""
        yield Asked(text="back up the list", mode="command")
        title = "Write the report"
        if not self._keeps():
            return
        yield (added := self._added(title))
        yield TaskMoved(task=added.task, title=title, before=9, position=1)
        yield TaskCompleted(task=added.task, title=title)
        self._open.remove((added.task, title))

    def _anything(self) -> Happening:
        thing = f"{self._random.choice(DOINGS)} the {self._random.choice(THINGS)} {self._random.randint(1, 99)}"
        match self._random.randrange(5):
            case 0:
                return Asked(text=thing)
            case 1:
                return Searched(query=thing, hits=1)
            case 2 if self._open:
                task, title = self._random.choice(self._open)
                return TaskMoved(task=task, title=title, before=1, position=self._random.randint(1, 9))
            case 3:
                return CommandRan(command=f"ls {thing}", exit_code=0, seconds=0.1)
        return self._added(thing)

    def _added(self, title: str) -> TaskAdded:
        task = new_id()
        self._open.append((task, title))
        return TaskAdded(task=task, title=title)

    def _sorted(self, by: Order) -> TasksSorted:
        return TasksSorted(by=by, before=(), order=(), moved=1, places=())

    def _keeps(self) -> bool:
        return self._random.random() < FAITH

    def _recorded(self, what: Happening) -> Recorded:
        self._clock += timedelta(seconds=self._random.randint(5, 90))
        self._sequence += 1
        return Recorded(sequence=self._sequence, event=at(self._clock, what))


def at(moment: datetime, what: Happening, cause: str = "") -> Event:
    """Return an event of a moment."""
    caller = Caller(user="ada", conversation="work", cause=cause)
    return replace(happened(what, caller), time=moment)
