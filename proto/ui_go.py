"""View of what the command palette finds, and the call that turns it into HTML."""

from __future__ import annotations

from typing import Any

import msgspec

from proto.base import Call
from proto.ui import Frame, Html


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """Somewhere to go."""

    path: str
    title: str
    note: str = ""


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """Places of one sort."""

    sort: str
    ways: tuple[Way, ...]


class GoPage(msgspec.Struct, frozen=True, kw_only=True):
    """Where a query can lead, best first."""

    frame: Frame
    query: str = ""
    found: tuple[Ways, ...] = ()
    bare: bool = False
    """Whether only what was found is wanted, for the palette of a page that is open."""
    problem: str = ""


GO = Call("daimon.svc.ui.go", GoPage, Html)
CALLS: tuple[Call[Any, Html], ...] = (GO,)
