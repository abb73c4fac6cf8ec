"""The conversations this process has read, each brought up to what the log says now."""

from __future__ import annotations

import functools

from proto import events
from proto.events import Event, Recorded
from services.llm.thread import Thread
from services.runtime.bus.journal import Expect, Journal

KEPT = 500
"""Conversations kept in memory; the others are read from the log again."""


class Threads:
    """Reads conversations from the log."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._thread = functools.lru_cache(KEPT)(lambda _user, _conversation: Thread())

    async def read(self, user: str, conversation: str) -> Thread:
        """Return a conversation as of now."""
        thread = self.known(user, conversation)
        filter_ = events.in_conversation(user, conversation, "chat")
        for recorded in await self._journal.read(filter_, after=thread.sequence):
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
