"""What memory answers, one method a call."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from proto import keeping, memory
from proto.base import Caller, Nothing
from proto.chat import title_of
from proto.events import Happening, happened
from proto.moments import moment
from services.memory.asking import Asker
from services.memory.search import Searcher
from services.memory.store import Store
from services.memory.vectors import BusEmbedder
from services.memory.verifying import Verifier
from services.memory.warming import Warmer
from services.runtime.bus import Bus

END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
RECORDED_ACTORS = frozenset({"user", "model"})
"""Whose questions are worth remembering; programs ask all the time."""


class Handlers:
    """The calls of the memory service."""

    def __init__(self, store: Store, bus: Bus, *, questions: int) -> None:
        self._store = store
        self._bus = bus
        self._searcher = Searcher(store, BusEmbedder(bus))
        self.warmer = Warmer(store, self._searcher.lexicon)
        self._asker = Asker(store, questions)
        self._verifier = Verifier(store, bus.journal)

    async def search(self, request: memory.Search, caller: Caller) -> memory.Hits:
        """Find events by words and by meaning."""
        hits = await self._searcher.search(request, caller, passages=caller.actor != "model")
        await self._record(memory.Searched(query=request.query, hits=len(hits.hits)), caller)
        return hits

    async def remember(self, request: memory.Remember, caller: Caller) -> memory.Kept:
        """Keep a note."""
        event = happened(memory.Noted(text=request.text), caller)
        await self._bus.journal.append(event)
        return memory.Kept(event=event.id, sentence=event.sentence)

    async def remind(self, request: memory.Search, caller: Caller) -> memory.Hits:
        """Find what has to do with something, in passing."""
        return await self._searcher.search(request, caller, passages=False)

    async def sql(self, request: memory.Query, caller: Caller) -> memory.Rows:
        """Answer one SELECT over the caller's own log."""
        rows = await self._asker.ask(caller.user, request.sql, request.as_of)
        await self._record(memory.Queried(sql=request.sql, rows=len(rows.rows)), caller)
        return rows

    async def conversations(self, request: memory.ListConversations, caller: Caller) -> memory.Conversations:
        """List conversations, newest first."""
        page = {
            "user": caller.user,
            "before": request.before or END_OF_TIME,
            "before_id": request.before_id,
            "limit": request.limit,
        }
        if not request.as_of:
            which = {
                "shelf": request.shelf,
                "pinned": request.pinned,
                "tag": request.tag,
                "words": [f"%{_escaped(word)}%" for word in request.words.split()],
            }
            (position,) = await self._store.fetch(keeping.Position, "position")
            lines = await self._store.fetch(memory.ConversationLine, "conversations", **page, **which)
            return memory.Conversations(conversations=tuple(lines), sequence=position.sequence)
        then = moment(request.as_of)
        lines = await self._store.fetch(
            memory.ConversationLine, "conversations_as_of", sequence=then.sequence, upto=then.time, **page
        )
        return memory.Conversations(
            conversations=tuple(msgspec.structs.replace(line, title=title_of(line.title)) for line in lines)
        )

    async def progress(self, _: Nothing, __: Caller) -> memory.Progress:
        """Say how far SQL and the vectors have come."""
        (progress,) = await self._store.fetch(memory.Progress, "progress")
        return progress

    async def position(self, _: Nothing, __: Caller) -> keeping.Position:
        """Say how far SQL has come; cheap enough to be asked all the time."""
        (position,) = await self._store.fetch(keeping.Position, "position")
        return position

    async def verify(self, request: keeping.Verify, _: Caller) -> keeping.Verified:
        """Compare a piece of the log with SQL."""
        return await self._verifier.piece(request.after, request.upto)

    async def seal(self, request: keeping.Sealed, _: Caller) -> keeping.Seal:
        """Hash the ends of all chains."""
        return await self._verifier.seal(request.upto)

    async def _record(self, what: Happening, caller: Caller) -> None:
        if caller.actor in RECORDED_ACTORS:
            await self._bus.journal.note(happened(what, caller))


def _escaped(word: str) -> str:
    """A word as a part of a pattern, in which nothing stands for anything else."""
    return re.sub(r"([\\%_])", r"\\\1", word)
