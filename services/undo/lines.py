"""The lines of the users this process has served: how much of each was read, and how it is brought up to now.

Memory knows where in the log the changes are, so the newest are read without the rest. What memory does not know yet
is read from the log itself; so is everything where memory is away, or where that is not enough.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

from proto import changes, errors, events, undo
from proto.base import Caller
from proto.events import Recorded
from proto.kinds import CHANGING
from proto.suggestions import SuggestionAccepted
from proto.undo import Undone
from services.runtime.bus import Bus
from services.undo.line import Line

LOOKS = (150, 1500)
"""Places that are looked at before all of the log is; a change that was undone takes three."""
_TURNS = frozenset(kind.kind for kind in undo.KINDS)
_READ = (*CHANGING, SuggestionAccepted.kind, *sorted(_TURNS))

Enough = Callable[[Line], bool]
"""Whether a line reaches back far enough for a question."""


class State:
    """One user's line, and the place in the log up to which it is true."""

    def __init__(self) -> None:
        self.restart((), upto=0, whole=False)

    def restart(self, found: Iterable[Recorded], *, upto: int, whole: bool) -> None:
        """Begin anew with these events, the oldest first."""
        self.line = Line(whole=whole)
        self.sequence = upto
        self.answered: dict[tuple[str, str], Undone] = {}
        """What requests with an idempotency key led to, so that asking twice happens once."""
        for recorded in found:
            self._apply(recorded)

    def go_on(self, found: Iterable[Recorded], upto: int) -> None:
        """Let what came since happen."""
        for recorded in found:
            if self.sequence < recorded.sequence <= upto:
                self._apply(recorded)
        self.sequence = upto

    def _apply(self, recorded: Recorded) -> None:
        event = recorded.event
        self.line.apply(recorded)
        if event.key and event.kind in _TURNS:
            self.answered[event.actor, event.key] = Undone(steps=(), sentence=event.sentence, event=event.cause)


class Lines:
    """Reads lines, each event once."""

    def __init__(self, bus: Bus, kept: int) -> None:
        self._bus = bus
        self._state = functools.lru_cache(kept)(lambda _user: State())

    def forget(self) -> None:
        """Drop every line, because something of the log is gone; the next request reads it again."""
        self._state.cache_clear()

    async def current(self, caller: Caller, enough: Enough = lambda _: True) -> State:
        """Bring a user's line up to what the log says now, as far back as is needed."""
        state: State = self._state(caller.user)
        if not state.sequence:
            await self._begin(state, caller, LOOKS[0])
        await self._catch_up(state, caller.user)
        for limit in (*LOOKS[1:], 0):
            if state.line.whole or enough(state.line):
                break
            await self._begin(state, caller, limit)
            await self._catch_up(state, caller.user)
        return state

    async def _begin(self, state: State, caller: Caller, limit: int) -> None:
        """Read the newest changes; all of them where there is no limit, or where memory is away."""
        found = await self._places(caller, limit) if limit else None
        if found is None:
            state.restart((), upto=0, whole=True)
            return
        picked = await self._bus.journal.pick(reversed(found.places))
        own = [recorded for recorded in picked if recorded.event.user == caller.user]
        whole = len(found.places) < limit
        state.restart(own if whole else _after_the_cut(own), upto=found.upto, whole=whole)

    async def _places(self, caller: Caller, limit: int) -> changes.Places | None:
        try:
            return await self._bus.call(changes.PLACES, changes.ReadPlaces(limit=limit), caller=caller)
        except errors.Failure:
            return None

    async def _catch_up(self, state: State, user: str) -> None:
        while True:
            newest = await self._bus.journal.last(events.of_user(user))
            after = state.sequence
            if newest is None or newest.sequence <= after:
                return
            read = (self._bus.journal.read(events.of_kind(kind, user), after=after) for kind in _READ)
            found = sorted(itertools.chain(*await asyncio.gather(*read)), key=attrgetter("sequence"))
            # Somebody else may have begun anew while we read; then this is not what follows.
            if state.sequence == after:
                # What came in meanwhile may have come between two kinds; the next look has all of it.
                state.go_on(found, newest.sequence)
                return


def _after_the_cut(found: Sequence[Recorded]) -> Sequence[Recorded]:
    """Leave out the first and what has the same cause: the plan that they are steps of may lie before the cut."""
    cause = found[0].event.cause if found else ""
    return list(itertools.dropwhile(lambda one: bool(cause) and one.event.cause == cause, found))
