"""Retention: how long a user's events of some kinds are kept."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from proto.base import Call, Nothing
from proto.events import Happening

MOST = 3650
KINDS_TO_CHOOSE = (
    "page.visited",
    "memory.searched",
    "memory.queried",
    "session.opened",
    "session.closed",
    "session.refused",
    "sandbox.ran",
    "job.started",
    "job.ended",
    "model.progressed",
    "filter.held",
)
"""What a user may have forgotten by its age: kinds that nothing else is made of."""


class KeptKind(msgspec.Struct, frozen=True, kw_only=True):
    """How long events of a kind are kept."""

    kind: str
    days: int = 0
    """As the user chose; 0 for ever."""
    limit: int = 0
    """As the settings have it for everybody; 0 for ever."""


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """Every kind that can be chosen."""

    kinds: tuple[KeptKind, ...]


class Retain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Choose how long events of a kind are kept; older ones are forgotten for good."""

    kind: Annotated[str, Meta(max_length=100)]
    days: Annotated[int, Meta(ge=0, le=MOST)]


class Retained(Happening, frozen=True, kw_only=True):
    """Somebody chose how long events of a kind are kept."""

    kind: ClassVar[str] = "memory.retained"
    what: str
    days: int

    def sentence(self) -> str:
        return f"Keeps {self.what} events {f'for {self.days} days' if self.days else 'for ever'}"


LIST = Call("daimon.own.{user}.memory.kept", Nothing, Retention)
RETAIN = Call("daimon.own.{user}.memory.retain", Retain, Retention)
CALLS = (LIST, RETAIN)
KINDS: tuple[type[Happening], ...] = (Retained,)
