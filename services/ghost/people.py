"""The people there are, each as the log has them up to now."""

from __future__ import annotations

import asyncio
import functools
import itertools
from operator import attrgetter

from proto import approvals, events, suggestions
from proto.accounts import Visited
from proto.base import Caller
from proto.chat import Answered, Asked
from proto.documents import DocumentUploaded
from proto.events import Happening, Recorded, happened
from proto.memory import Searched
from proto.sandbox import CommandRan
from services.ghost.state import State
from services.runtime.bus.journal import PAUSED, Expect, Journal

_LEARNT = (Visited, Asked, DocumentUploaded, Searched, CommandRan, approvals.RuleSet)
_NOUNS = ("task", suggestions.NOUN)
_CHOSEN = (approvals.RuleSet, suggestions.SuggestionsSwitched)
"""What a person chose holds however long ago."""
BREATH = 200
"""Events after which others have their turn."""
HEEDED = frozenset(kind.kind for kind in (*_LEARNT, Answered))


def heeds(kind: str) -> bool:
    """Tell whether events of a kind say anything to the ghost."""
    return kind in HEEDED or kind.startswith("task.")


class People:
    """Everybody's state, read from the log where it is not in memory."""

    def __init__(self, journal: Journal, *, most: int, recent: int) -> None:
        self._journal = journal
        self._recent = recent
        self._state = functools.lru_cache(most)(lambda _user: State())

    def forget(self) -> None:
        """Drop every state, because something of the log is gone; it is read again."""
        self._state.cache_clear()

    async def read(self, user: str) -> State:
        """Bring a person's state up to what the log says now."""
        state: State = self._state(user)
        newest = await self._journal.last(events.of_user(user))
        if newest is None or newest.sequence <= state.sequence:
            return state
        if state.sequence:
            news = await self._journal.read(events.of_user(user), after=state.sequence)
        else:
            news = await self._history(user, newest.sequence)
        for count, recorded in enumerate(news, 1):
            if state.sequence < recorded.sequence <= newest.sequence:
                state.apply(recorded)
            if not count % BREATH:
                await asyncio.sleep(0)
        state.sequence = max(state.sequence, newest.sequence)
        return state

    async def paused(self, user: str) -> bool:
        """Tell whether somebody wants nothing recorded that Daimon can do without, as offers are."""
        last = await self._journal.last(events.of_noun("recording", user))
        return last is not None and last.event.kind == PAUSED

    async def record(self, what: Happening, caller: Caller, state: State) -> str:
        """Record what happens to suggestions, if nothing else did since; raises Conflict."""
        event, noun = happened(what, caller), events.of_noun(suggestions.NOUN, caller.user)
        last = None if state.standing.sequence else await self._journal.last(noun)
        # The last one may be too long ago to have been read.
        old = last.sequence if last and last.sequence <= state.sequence else 0
        expect = Expect(filter=noun, sequence=state.standing.sequence or old)
        await self._journal.append(event, expect=expect)
        return event.id

    async def _history(self, user: str, newest: int) -> list[Recorded]:
        """Read what a person did of late, and what they chose ever, without the long texts of answers."""
        after = max(0, newest - self._recent)
        kinds = (events.of_kind(kind.kind, user) for kind in _LEARNT)
        late = (*kinds, *(events.of_noun(noun, user) for noun in _NOUNS))
        read = [(filter_, after) for filter_ in late] + [(events.of_kind(kind.kind, user), 0) for kind in _CHOSEN]
        # One after another: pages that are opened meanwhile read the log too, and are waited for.
        found = [await self._journal.read(filter_, after=since) for filter_, since in read]
        return sorted(itertools.chain(*found), key=attrgetter("sequence"))
