"""Accounts at the gateway: one-time links, and what happens around sessions."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from proto.base import Call
from proto.events import Happening

SESSIONS = "daimon_sessions"
"""The key-value bucket of sessions and one-time links, by the hash of their secret."""


class Invite(msgspec.Struct, frozen=True, kw_only=True):
    """Make a one-time link that signs a user in."""

    user: str


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time link."""

    path: str
    """Path on the gateway, such as `/in/…`."""
    minutes: int
    """How long it can be used."""


class SignedIn(Happening, frozen=True, kw_only=True):
    """A browser signed in."""

    kind: ClassVar[str] = "session.opened"
    by: str = "link"

    def sentence(self) -> str:
        return f"Signed in by {self.by}"


class SignedOut(Happening, frozen=True, kw_only=True):
    """A browser signed out."""

    kind: ClassVar[str] = "session.closed"

    def sentence(self) -> str:
        return "Signed out"


class Visited(Happening, frozen=True, kw_only=True):
    """A page was opened."""

    kind: ClassVar[str] = "page.visited"
    path: str

    def sentence(self) -> str:
        return f"Opened {self.path}"


INVITE = Call("daimon.svc.gateway.invite", Invite, Link)
CALLS = (INVITE,)
KINDS: tuple[type[Happening], ...] = (SignedIn, SignedOut, Visited)
