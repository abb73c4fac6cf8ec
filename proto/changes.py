"""Where the log has a user's changes: memory knows the places, so that nobody needs to read all of the log for them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from proto.base import Call


class ReadPlaces(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Name the places of the newest changes, and of what undid them."""

    limit: Annotated[int, Meta(ge=1, le=5000)]


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Places in the log, newest first."""

    places: tuple[int, ...]
    upto: int
    """The place up to which memory knows the log; what came later is not among them."""


PLACES = Call("daimon.do.{user}.{actor}.memory.changes", ReadPlaces, Places)
CALLS = (PLACES,)
