"""What memory tells of itself: how far it has come, a picture of what it means, and questions that teach its SQL."""

from __future__ import annotations

import msgspec

from proto.base import Call, Nothing
from proto.moments import AsOf

COUNTED = 10_000
"""Texts without a vector that are counted; of more it is only said that there are more."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How far memory has come; quick to find out, however much there is."""

    events: int
    """In SQL, of everybody."""
    vectors: int
    """Of the engine that serves."""
    waiting: int
    """Texts that have no vector yet; `COUNTED` and one more for any greater number."""
    engine: str = ""
    """Whose vectors are searched; empty before the first."""
    coming: str = ""
    """The engine that is being changed to; empty when none is."""
    made: int = 0
    """Vectors that the coming engine has made."""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One text in the picture."""

    x: float
    """From 0 to 1; texts of like meaning stand near each other."""
    y: float
    noun: str
    """What it is about, such as `task`; `passage` for a piece of a document."""
    text: str
    """Its sentence, or the beginning of the passage."""
    event: str = ""
    """Its event; empty for a passage."""
    document: str = ""
    """The document of a passage."""
    page: int = 0
    line: int = 0


class Draw(msgspec.Struct, frozen=True, kw_only=True):
    """Which picture is asked for."""

    as_of: AsOf = ""


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A sample of one's own memory by its meaning, in two dimensions."""

    points: tuple[Point, ...]
    total: int = 0
    """Events of one's own that there are, about; so many are sampled evenly from the first to the last."""
    kept: float = 0.0
    """How much of the differences in meaning two dimensions can show, from 0 to 1."""


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A question in SQL that shows what can be asked."""

    title: str
    sql: str


class Examples(msgspec.Struct, frozen=True, kw_only=True):
    """Questions, the simplest first."""

    examples: tuple[Example, ...]


STANDING = Call("daimon.svc.memory.standing", Nothing, Standing)
EXAMPLES = Call("daimon.svc.memory.examples", Nothing, Examples)
PICTURE = Call("daimon.do.{user}.{actor}.memory.picture", Draw, Picture)
CALLS = (STANDING, EXAMPLES, PICTURE)
