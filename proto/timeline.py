"""What a timeline shows of the log, and what it asks beside its pages: what an event led to, how far back they go."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

import msgspec
from msgspec import Meta

from proto.base import Call, Nothing
from proto.events import Event


class Sift(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are wanted."""

    noun: str = ""
    actor: str = ""
    words: str = ""
    as_of: str = ""

    @property
    def query(self) -> str:
        """The same in an address."""
        given = {"noun": self.noun, "actor": self.actor, "q": self.words, "as_of": self.as_of}
        return urlencode({name: value for name, value in given.items() if value})

    def takes(self, event: Event) -> bool:
        """Whether an event that has just happened is wanted."""
        said = event.sentence.casefold()
        ours = self.noun in ("", event.kind.partition(".")[0]) and self.actor in ("", event.actor)
        return ours and all(word in said for word in self.words.casefold().split())


class Trace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask what an event led to."""

    event: Annotated[str, Meta(max_length=36)]
    limit: Annotated[int, Meta(ge=1, le=200)] = 100


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """An event that another led to."""

    event: Event
    depth: int
    """How many steps from where the trace began, from 1."""


class Effects(msgspec.Struct, frozen=True, kw_only=True):
    """What an event led to: each event directly before what it led to itself."""

    effects: tuple[Effect, ...] = ()
    more: bool = False
    """Whether there was more than was asked for."""


class History(msgspec.Struct, frozen=True, kw_only=True):
    """From when to when a user's events go."""

    first: datetime | None = None
    """None where nothing has happened yet."""
    last: datetime | None = None


EFFECTS = Call("daimon.do.{user}.{actor}.memory.effects", Trace, Effects)
HISTORY = Call("daimon.do.{user}.{actor}.memory.history", Nothing, History)
CALLS = (EFFECTS, HISTORY)
