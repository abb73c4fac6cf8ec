"""The conversations this process has read, each brought up to what the log says now."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable

from proto import errors, events
from proto.base import Caller
from proto.events import Event, Happening, Recorded
from proto.moments import Moment
from services.llm.conversations.thread import Thread
from services.runtime.bus import Repeated
from services.runtime.bus.journal import Expect, Journal

KEPT = 500
"""Conversations kept in memory; the others are read from the log again."""
TRIES = 5
"""How often a decision is made anew when somebody else wrote to the conversation in between."""

Decide = Callable[[Thread], Happening | None]
Append = Callable[[Thread, Event], Awaitable[object]]


class Threads:
    """Reads conversations from the log."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._thread = functools.lru_cache(KEPT)(lambda _user, _conversation: Thread())

    def forget(self) -> None:
        """Drop every conversation, because something of the log is gone; the next look reads it again."""
        self._thread.cache_clear()

    async def read(self, user: str, conversation: str) -> Thread:
        """Return a conversation as of now."""
        thread = self.known(user, conversation)
        filter_ = events.in_conversation(user, conversation, "chat")
        for recorded in await self._journal.read(filter_, after=thread.sequence):
            thread.apply(recorded)
        return thread

    async def as_of(self, user: str, conversation: str, then: Moment) -> Thread:
        """Return a conversation as it was."""
        thread = Thread()
        for recorded in await self._journal.read(events.in_conversation(user, conversation, "chat")):
            if then.includes(recorded):
                thread.apply(recorded)
        return thread

    async def containing(self, user: str, conversation: str, turn: str) -> Thread:
        """Return a conversation as of at least this turn, without asking the log where we have it already."""
        thread = self.known(user, conversation)
        return thread if turn in thread else await self.read(user, conversation)

    def known(self, user: str, conversation: str) -> Thread:
        """Return a conversation as far as we have read it."""
        thread: Thread = self._thread(user, conversation)
        return thread

    async def append(self, thread: Thread, event: Event, begun_by: str = "") -> int:
        """Append to a conversation that nobody else has appended to since we read it, or raise Conflict."""
        expect = Expect(filter=events.in_conversation(event.user, event.conversation, "chat"), sequence=thread.sequence)
        sequence = await self._journal.append(event, expect=expect, begun_by=begun_by)
        thread.apply(Recorded(sequence=sequence, event=event))
        return sequence

    async def decide(self, caller: Caller, decide: Decide, append: Append | None = None) -> Event | None:
        """Decide on the conversation as we know it, and record it if it is still so; otherwise look and decide again.

        Returns the event, the earlier one for a repeated request, and None when nothing was to be recorded.
        """
        thread = self.known(caller.user, caller.conversation)
        for _ in range(TRIES):
            try:
                what = decide(thread)
            except errors.Busy:
                # It may have ended since we looked.
                thread = await self.read(caller.user, caller.conversation)
                what = decide(thread)
            if what is None:
                return None
            event = events.happened(what, caller)
            try:
                await (append or self.append)(thread, event)
            except Repeated as repeated:
                return repeated.recorded.event
            except errors.Conflict:
                thread = await self.read(caller.user, caller.conversation)
            else:
                return event
        raise errors.Conflict("The conversation is changing too fast; try again.")
