"""The conversations this process has read, each brought up to what the log says now."""

from __future__ import annotations

import functools

from proto import events
from services.llm.thread import Thread
from services.runtime.bus.journal import Journal

KEPT = 500
"""Conversations kept in memory; the others are read from the log again."""


class Threads:
    """Reads conversations from the log."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._thread = functools.lru_cache(KEPT)(lambda _user, _conversation: Thread())

    async def read(self, user: str, conversation: str) -> Thread:
        """Return a conversation as of now."""
        thread: Thread = self._thread(user, conversation)
        filter_ = events.in_conversation(user, conversation, "chat")
        for recorded in await self._journal.read(filter_, after=thread.sequence):
            if recorded.sequence > thread.sequence:
                thread.apply(recorded)
        return thread
