"""Somebody's deeds as events with a clock, folded into what the ghost knows of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from proto.base import Caller, new_id
from proto.events import Event, Happening, Recorded, happened
from proto.sorting import TasksSorted
from proto.suggestions import SuggestionDismissed, SuggestionMade
from proto.tasks import TaskAdded, TaskCompleted, TaskDeleted, TaskMoved
from services.ghost.offering import offer
from services.ghost.state import State

PAUSE = timedelta(hours=1)


class Life:
    """One person and the ghost beside them."""

    def __init__(self) -> None:
        self.state = State()
        self.now = datetime(2026, 3, 2, 9, tzinfo=UTC)
        self.sequence = 0

    def happens(self, what: Happening, *, actor: str = "user", cause: str = "", key: str = "") -> Event:
        """Let something happen a minute later; what becomes of an offer by itself is noted too."""
        self.now += timedelta(minutes=1)
        caller = Caller(user="ada", actor=actor, conversation="home", cause=cause, key=key)
        event = self._apply(replace(happened(what, caller), time=self.now))
        if came := self.state.standing.came:
            self._apply(replace(happened(came, Caller(user="ada", actor="ghost")), time=self.now))
        return event

    def offered(self) -> SuggestionMade | None:
        """What is offered now; from then on it stands."""
        made = offer(self.state, self.now)
        if made is not None:
            caller = Caller(user="ada", actor="ghost", cause=self.state.cause)
            self._apply(replace(happened(made, caller), time=self.now))
        return made

    def pauses(self, time: timedelta = PAUSE) -> None:
        self.now += time

    def adds(self, title: str) -> str:
        task = new_id()
        self.happens(TaskAdded(task=task, title=title))
        return task

    def sorts(self) -> None:
        self.happens(TasksSorted(by="title", before=(), order=(), moved=1, places=()))

    def completes(self, task: str, title: str) -> None:
        self.happens(TaskCompleted(task=task, title=title))

    def deletes(self, task: str, title: str) -> None:
        self.happens(TaskDeleted(task=task, title=title, position=1, done=True))

    def moves(self, task: str, title: str) -> None:
        self.happens(TaskMoved(task=task, title=title, before=5, position=1))

    def dismisses(self) -> None:
        standing = self.state.standing.now
        assert standing is not None
        self.happens(SuggestionDismissed(suggestion=standing.id, what="it"))

    def _apply(self, event: Event) -> Event:
        self.sequence += 1
        self.state.apply(Recorded(sequence=self.sequence, event=event))
        return event
