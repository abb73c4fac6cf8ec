"""The approvals of the users this process has served, each brought up to what the log says now."""

from __future__ import annotations

import functools
from collections.abc import Callable

from proto import errors, events
from proto.base import Caller
from proto.events import Event, Happening, Recorded
from services.llm.menu.ledger import Ledger
from services.runtime.bus.journal import Expect, Journal

KEPT = 500
"""Users whose approvals are kept in memory; the others' are read from the log again."""
TRIES = 20
"""How often a decision is made anew when somebody else decided in between."""

NOUN = "approval"
Decide = Callable[[Ledger], Happening | None]


class Ledgers:
    """Reads approvals from the log, and writes them where nobody wrote in between."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._ledger = functools.lru_cache(KEPT)(lambda _user: Ledger())

    def forget(self) -> None:
        """Drop everything, because something of the log is gone; the next look reads it again."""
        self._ledger.cache_clear()

    async def read(self, user: str) -> Ledger:
        """Return a user's approvals as of now."""
        ledger: Ledger = self._ledger(user)
        for recorded in await self._journal.read(events.of_noun(NOUN, user), after=ledger.sequence):
            ledger.apply(recorded)
        return ledger

    async def decide(self, caller: Caller, decide: Decide) -> Event | None:
        """Decide on a user's approvals as they are now and record it; None when nothing was to be recorded."""
        for _ in range(TRIES):
            ledger = await self.read(caller.user)
            what, place = decide(ledger), ledger.sequence
            if what is None:
                return None
            event = events.happened(what, caller)
            expect = Expect(filter=events.of_noun(NOUN, caller.user), sequence=place)
            try:
                sequence = await self._journal.append(event, expect=expect)
            except errors.Conflict:
                continue
            if ledger.sequence == place:
                ledger.apply(Recorded(sequence=sequence, event=event))
            return event
        raise errors.Conflict("The approvals are changing too fast; try again.")
