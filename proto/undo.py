"""Undo and redo: one line of changes, shared by a user and the model that acts for them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from proto import (
    accounts,
    approvals,
    boxes,
    choices,
    embedding,
    forgetting,
    imports,
    marks,
    models,
    sorting,
    suggestions,
    tasks,
    titles,
)
from proto.base import Action, Call
from proto.events import Happening
from proto.phrasings import PHRASINGS

StepRef = Annotated[
    str, Meta(min_length=1, max_length=500, description="Which change: its event id, or words of its sentence")
]


class UndoLast(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Undo the last change, whether the user or the assistant made it."""

    count: Annotated[int, Meta(ge=1, le=50, description="How many changes, the last one first")] = 1


class UndoStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Undo one earlier change; what later changes build on is undone only together with them."""

    step: StepRef
    together: Annotated[bool, Meta(description="Undo the later changes that build on it too")] = False


class Redo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Do again what was undone last."""

    count: Annotated[int, Meta(ge=1, le=50, description="How many changes, the one undone last first")] = 1


class Preview(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Show what undoing would undo, without doing it."""

    step: Annotated[
        str, Meta(max_length=500, description="Which change: its event id, or words of it; empty for the last ones")
    ] = ""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One change on the line."""

    event: str
    """The id of the event that made it."""
    time: datetime
    actor: str
    sentence: str
    undone: bool = False


class Undone(msgspec.Struct, frozen=True, kw_only=True):
    """What was undone, or done again, in that order."""

    steps: tuple[Step, ...]
    sentence: str
    event: str = ""
    """The id of the event that the last of them led to."""


class Previewed(msgspec.Struct, frozen=True, kw_only=True):
    """What would be undone, in that order; without a step, the last changes that can be."""

    steps: tuple[Step, ...]
    sentence: str


class ReadLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read the line of changes, newest first."""

    before: Annotated[str, Meta(max_length=36)] = ""
    """Only changes older than this one's event id, for paging."""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class LineRead(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of the line, newest first, with what has been undone in its place."""

    steps: tuple[Step, ...] = ()
    redo: Step | None = None
    """What would be done again first."""
    older: str = ""
    """The event below which the next piece starts; empty on the last."""


class ChangeUndone(Happening, frozen=True, kw_only=True):
    """A change was undone; what undid it is an event of its own."""

    kind: ClassVar[str] = "undo.undone"
    step: str
    """The id of the event that was undone."""
    what: str

    def sentence(self) -> str:
        return f"Undid: {self.what}"


class ChangeRedone(Happening, frozen=True, kw_only=True):
    """A change that had been undone was done again."""

    kind: ClassVar[str] = "undo.redone"
    step: str
    what: str

    def sentence(self) -> str:
        return f"Did again: {self.what}"


LAST = Action(
    "daimon.do.{user}.{actor}.undo.last", UndoLast, Undone, phrasings=PHRASINGS["undo.last"], inverse="undo.redo"
)
STEP = Action("daimon.do.{user}.{actor}.undo.step", UndoStep, Undone, inverse="undo.redo")
REDO = Action("daimon.do.{user}.{actor}.undo.redo", Redo, Undone, phrasings=PHRASINGS["undo.redo"], inverse="undo.last")
PREVIEW = Action(
    "daimon.do.{user}.{actor}.undo.preview", Preview, Previewed, risk="read", phrasings=PHRASINGS["undo.preview"]
)
LINE = Call("daimon.do.{user}.{actor}.undo.line", ReadLine, LineRead)
ACTIONS = (LAST, STEP, REDO, PREVIEW)
CALLS = (LINE,)
_NOUNS = (
    *(tasks, sorting, marks, titles, models, choices, approvals, forgetting, boxes, suggestions, imports, accounts),
    embedding,
)
"""The nouns that changes can be taken back of. Another one joins by standing here with its `INVERSES`."""
INVERSES: tuple[Call[Any, Any], ...] = tuple(call for noun in _NOUNS for call in noun.INVERSES)
"""Every call that undoes something: all that the undo service may ask for."""
KINDS: tuple[type[Happening], ...] = (ChangeUndone, ChangeRedone)


def key_of(event: str) -> str:
    """The idempotency key of what undoes an event, or does it again."""
    return f"undo {event}"
