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
from proto.events import Happening, happened
from proto.memory import Searched
from proto.sandbox import CommandRan
from services.ghost.state import State
from services.runtime.bus.journal import Expect, Journal

_LEARNT = (Visited, Asked, DocumentUploaded, Searched, CommandRan, approvals.RuleSet)
_NOUNS = ("task", suggestions.NOUN)
HEEDED = frozenset(kind.kind for kind in (*_LEARNT, Answered))


def heeds(kind: str) -> bool:
    """Tell whether events of a kind say anything to the ghost."""
    return kind in HEEDED or kind.startswith("task.")


class People:
    """Everybody's state, read from the log where it is not in memory."""

    def __init__(self, journal: Journal, *, most: int) -> None:
        self._journal = journal
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
        # A long log is read by the kinds that matter; afterwards there is little to leave out.
        filters = [events.of_user(user)] if state.sequence else self._filters(user)
        read = (self._journal.read(filter_, after=state.sequence) for filter_ in filters)
        for recorded in sorted(itertools.chain(*await asyncio.gather(*read)), key=attrgetter("sequence")):
            if state.sequence < recorded.sequence <= newest.sequence:
                state.apply(recorded)
        state.sequence = max(state.sequence, newest.sequence)
        return state

    async def record(self, what: Happening, caller: Caller, state: State) -> str:
        """Record what happens to suggestions, if nothing else did since; raises Conflict."""
        event = happened(what, caller)
        expect = Expect(filter=events.of_noun(suggestions.NOUN, caller.user), sequence=state.standing.sequence)
        await self._journal.append(event, expect=expect)
        return event.id

    def _filters(self, user: str) -> list[str]:
        kinds = (events.of_kind(kind.kind, user) for kind in _LEARNT)
        return [*kinds, *(events.of_noun(noun, user) for noun in _NOUNS)]
