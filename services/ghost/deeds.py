"""What a person did, as the action that would do it again: read from the event that it left."""

from __future__ import annotations

import re

import msgspec

from proto.chat import Asked
from proto.documents import DocumentUploaded
from proto.events import Event, Happening
from proto.memory import Searched
from proto.sandbox import CommandRan
from proto.sorting import TasksSorted
from proto.suggestions import OFFERED, SAME
from proto.tasks import TaskAdded, TaskCompleted, TaskDeleted, TaskMoved, TaskRenamed, TaskReopened
from proto.undo import key_of

PEOPLE = frozenset({"user", "ghost"})
"""Whose deeds are a person's: what the ghost does, it was told to do."""
WORDS = 6
_WORD = re.compile(r"[^\W\d_]{3,30}")
_DULL = frozenset(
    (
        "and",
        "are",
        "but",
        "can",
        "for",
        "from",
        "have",
        "how",
        "into",
        "not",
        "off",
        "one",
        "out",
        "that",
        "the",
        "this",
    )
)

Value = str | int


class Form(msgspec.Struct, frozen=True):
    """A deed as it may come again: the task it is done to is left open where that is the one of the deed before."""

    action: str
    arguments: tuple[tuple[str, Value], ...] = ()

    @property
    def offered(self) -> bool:
        """Whether it can be offered; other deeds only tell what may follow them."""
        return self.action in OFFERED


NOTHING = Form("")
"""What came next where nothing did, for half an hour."""


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """Something a person did."""

    action: str
    arguments: dict[str, Value] = {}
    thing: str = ""
    """The task it was done to."""
    name: str = ""
    """What that is called."""
    said: str = ""
    """What the person wrote."""
    conversation: str = ""
    sentence: str = ""

    def form(self, before: Deed | None) -> Form:
        """Return its form, after another deed."""
        found = dict(self.arguments)
        if "task" in found and before is not None and before.thing == self.thing:
            found["task"] = SAME
        return Form(self.action, tuple(sorted(found.items())))

    def words(self) -> tuple[str, ...]:
        """Return the words of what was written that may say what comes next."""
        found = dict.fromkeys(word.casefold() for word in _WORD.findall(self.said[:200]))
        return tuple(word for word in found if word not in _DULL)[:WORDS]


def deed_of(event: Event, what: Happening | None) -> Deed | None:
    """Return what a person did; None for what others did, for what was undone, and for what is no deed."""
    if event.actor not in PEOPLE or (event.cause and event.key == key_of(event.cause)):
        return None
    found = _to_a_task(what) or _elsewhere(what)
    return msgspec.structs.replace(found, conversation=event.conversation, sentence=event.sentence) if found else None


def _to_a_task(what: Happening | None) -> Deed | None:
    match what:
        case TaskAdded(task=task, title=title):
            return Deed(action="tasks.add", arguments={"title": title}, thing=task, name=title, said=title)
        case TaskMoved(task=task, title=title, position=place):
            moved: dict[str, Value] = {"task": title, "position": place}
            return Deed(action="tasks.move", arguments=moved, thing=task, name=title, said=title)
        case TaskRenamed(task=task, title=title):
            return Deed(action="tasks.rename", thing=task, name=title, said=title)
        case TaskCompleted(task=task, title=title) | TaskReopened(task=task, title=title):
            action = "tasks.complete" if isinstance(what, TaskCompleted) else "tasks.reopen"
            return Deed(action=action, arguments={"task": title}, thing=task, name=title, said=title)
        case TaskDeleted(task=task, title=title):
            return Deed(action="tasks.delete", arguments={"task": title}, thing=task, name=title, said=title)
    return None


def _elsewhere(what: Happening | None) -> Deed | None:
    match what:
        case TasksSorted(by=by) if by != "before":
            return Deed(action="tasks.sort", arguments={"by": by})
        case CommandRan(command=command, where="box"):
            return Deed(action="sandbox.run", arguments={"command": command}, said=command)
        case Asked():
            return _asked(what)
        case Searched(query=query):
            return Deed(action="memory.search", said=query)
        case DocumentUploaded(name=name):
            return Deed(action="documents.upload", said=name)
    return None


def _asked(what: Asked) -> Deed:
    if what.mode == "command" and what.way == "new" and what.given is None:
        return Deed(action="chat.send", arguments={"text": what.text}, said=what.text)
    return Deed(action="chat.ask", said=what.text)
