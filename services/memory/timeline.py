"""Reads a user's events back: page by page, what one of them led to, and from when to when they go."""

from __future__ import annotations

import uuid

import msgspec

from proto import errors, memory
from proto import timeline as asked
from proto.base import Caller, Nothing
from proto.kinds import KINDS
from proto.moments import NOW, Moment, moment
from services.memory.rows import EventRow
from services.memory.store import Store
from services.runtime.bus import Routes

LAST = 2**63 - 1
"""Beyond every place in the log."""
WINDOW = 5000
"""Newest events among which words are looked for before an index is asked."""
DEPTH = 8
"""Steps from an event to what it led to."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an event stands in the log."""

    sequence: int


class EffectRow(EventRow, frozen=True, kw_only=True):
    """An event, and how many steps lead to it."""

    depth: int


class Timeline:
    """The calls about what happened when."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> Routes:
        """The calls that are answered here."""
        return {memory.RECENT: self.recent, asked.EFFECTS: self.effects, asked.HISTORY: self.history}

    async def recent(self, request: memory.Recent, caller: Caller) -> memory.Events:
        """Read events back, newest first."""
        before = await self._place(request.before, caller) if request.before else LAST
        then = moment(request.as_of) if request.as_of else NOW
        page: dict[str, object] = {
            "user": caller.user,
            "before": min(before, then.sequence + 1, await self._beyond(caller.user, then)),
            "upto": then.time,
            "by": request.actor,
            "limit": request.limit,
        }
        rows = await self._read(request, page)
        return memory.Events(events=tuple(row.event() for row in rows))

    async def _read(self, request: memory.Recent, page: dict[str, object]) -> list[EventRow]:
        kinds = _exactly(request.kinds)
        if request.kinds and not kinds:
            return []
        if not request.words:
            if kinds:
                return await self._store.fetch(EventRow, "recent_of_kinds", **page, kinds=kinds)
            return await self._store.fetch(EventRow, "recent", **page)
        page |= {"kinds": kinds, "words": request.words}
        rows = await self._store.fetch(EventRow, "recent_with_words", **page, window=WINDOW)
        if len(rows) == request.limit:
            return rows
        return await self._store.fetch(EventRow, "recent_with_rare_words", **page)

    async def effects(self, request: asked.Trace, caller: Caller) -> asked.Effects:
        """Say what an event led to."""
        about = {"event": request.event, "user": caller.user, "depth": DEPTH}
        rows = await self._store.fetch(EffectRow, "effects", **about, limit=request.limit + 1)
        found = tuple(asked.Effect(event=row.event(), depth=row.depth) for row in rows[: request.limit])
        return asked.Effects(effects=found, more=len(rows) > request.limit)

    async def history(self, _: Nothing, caller: Caller) -> asked.History:
        """Say from when to when the events go."""
        (found,) = await self._store.fetch(asked.History, "history", user=caller.user)
        return found

    async def _beyond(self, user: str, then: Moment) -> int:
        """The place in the log below which everything lies that had happened."""
        if then.time == NOW.time:
            return LAST
        known = await self._store.fetch(Place, "place_at", user=user, upto=then.time)
        return known[0].sequence if known else -LAST

    async def _place(self, event: str, caller: Caller) -> int:
        try:
            known = await self._store.fetch(Place, "place_of_event", event=str(uuid.UUID(event)), user=caller.user)
        except ValueError:
            known = []
        if not known:
            raise errors.Missing(f"There is no event {event} to read back from.")
        return known[0].sequence


def _exactly(kinds: tuple[str, ...]) -> list[str]:
    """The kinds that names of kinds and of nouns stand for."""
    return sorted({kind for kind in KINDS for name in kinds if name in (kind, kind.partition(".")[0])})
