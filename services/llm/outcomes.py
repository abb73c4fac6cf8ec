"""What came of a user's answers and titles, brought up to what the log says now; their texts are not kept."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable

from proto import events
from proto.chat import Answered
from proto.events import Recorded
from proto.kinds import happening
from proto.titles import Titled
from services.llm.counting import Naming, Outcome
from services.runtime.bus.journal import Journal

KEPT = 20
"""Users whose outcomes are kept in memory; the others' are read from the log again."""
PAGE = 1000


class Outcomes:
    """Of one user, up to a place in the log for each kind of event."""

    def __init__(self) -> None:
        self.answers: dict[str, Outcome] = {}
        """By turn."""
        self.namings: list[Naming] = []
        self.answered_until = 0
        self.titled_until = 0

    def answered(self, recorded: Recorded) -> None:
        """Let the next answer happen; one that is known already changes nothing."""
        what = happening(recorded.event)
        if recorded.sequence > self.answered_until and isinstance(what, Answered):
            self.answers[what.turn] = Outcome.of(what)
        self.answered_until = max(self.answered_until, recorded.sequence)

    def titled(self, recorded: Recorded) -> None:
        """Let the next title happen; one that is known already changes nothing."""
        event, what = recorded.event, happening(recorded.event)
        if recorded.sequence > self.titled_until and isinstance(what, Titled):
            naming = Naming(conversation=event.conversation, by_user=event.actor == "user", version=what.version)
            self.namings.append(naming)
        self.titled_until = max(self.titled_until, recorded.sequence)


class Past:
    """Reads outcomes from the log, each once."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._outcomes = functools.lru_cache(KEPT)(lambda _user: Outcomes())

    def forget(self) -> None:
        """Drop everything, because something of the log is gone; the next look reads it again."""
        self._outcomes.cache_clear()

    async def read(self, user: str) -> Outcomes:
        """Return what came of a user's answers and titles, as of now."""
        outcomes: Outcomes = self._outcomes(user)
        await asyncio.gather(
            self._catch_up(events.of_kind(Answered.kind, user), outcomes.answered_until, outcomes.answered),
            self._catch_up(events.of_kind(Titled.kind, user), outcomes.titled_until, outcomes.titled),
        )
        return outcomes

    async def _catch_up(self, what: str, after: int, apply: Callable[[Recorded], None]) -> None:
        """Read piece by piece, so that turns go on in between."""
        while found := await self._journal.read(what, after=after, limit=PAGE):
            for recorded in found:
                apply(recorded)
            after = found[-1].sequence
