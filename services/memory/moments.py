"""Which place in the log a moment is: the last that had happened by then."""

from __future__ import annotations

import msgspec

from proto.moments import NOW, moment
from services.memory.store import Store


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the log."""

    sequence: int


async def last_place(store: Store, user: str, as_of: str) -> int:
    """Return the last place of a user's log that had happened by a moment; 0 where nothing had."""
    then = moment(as_of)
    if then.time == NOW.time:
        return then.sequence
    near = await store.fetch(Place, "place_at", user=user, upto=then.time)
    beyond = near[0].sequence if near else 0
    last = await store.fetch(Place, "last_place_by", user=user, upto=then.time, beyond=beyond)
    return last[0].sequence if last else 0
