"""Uploads: a file in the bucket becomes a document of its owner, once its bytes are seen to be there."""

from __future__ import annotations

import functools
from contextlib import aclosing

from proto import documents, errors, events
from proto.base import Caller
from proto.documents import AddDocument, Document, DocumentDeleted, DocumentUploaded
from proto.events import Recorded
from proto.kinds import happening
from services.runtime.bus import Bus

OWNERS = 1000
"""Users whose uploads are kept in memory; the others' are read from the log again."""


class Shelf:
    """What one user has handed in, and the place in the log up to which that is true."""

    def __init__(self) -> None:
        self.sequence = 0
        self.documents: set[str] = set()
        self.answered: dict[tuple[str, str], Document] = {}
        """What requests with an idempotency key led to."""

    def apply(self, recorded: Recorded) -> None:
        """Let the next event of the log happen."""
        self.sequence = recorded.sequence
        event, what = recorded.event, happening(recorded.event)
        if isinstance(what, DocumentDeleted):
            self.documents.discard(what.document)
        if not isinstance(what, DocumentUploaded):
            return
        if event.key:
            again = what.document in self.documents
            self.answered[event.actor, event.key] = document(what, event.id, again=again)
        self.documents.add(what.document)


class Uploads:
    """The calls about documents. Whoever wants to hear of each one follows `document.uploaded` in the log."""

    def __init__(self, bus: Bus) -> None:
        self._journal = bus.journal
        self._files = bus.objects(documents.FILES)
        self._shelf = functools.lru_cache(OWNERS)(lambda _user: Shelf())

    async def add(self, request: AddDocument, caller: Caller) -> Document:
        """Record an upload of the caller; the bytes are read once to see that they are what was said."""
        shelf = await self._current(caller.user)
        done = shelf.answered.get((caller.actor, caller.key)) if caller.key else None
        if done is not None:
            return done
        await self._check(request, caller.user)
        what = DocumentUploaded(
            document=documents.document_id(caller.user, request.sha256),
            name=documents.plain_name(request.name),
            size=request.size,
            media_type=documents.plain_media_type(request.media_type),
            sha256=request.sha256,
        )
        event = events.happened(what, caller)
        await self._journal.append(event)
        return document(what, event.id, again=what.document in shelf.documents)

    async def _check(self, request: AddDocument, user: str) -> None:
        size = 0
        async with aclosing(self._files.read(user, request.sha256)) as chunks:
            async for chunk in chunks:
                size += len(chunk)
        if size != request.size:
            raise errors.Invalid(f"The stored file has {size} bytes, not {request.size}.")

    async def _current(self, user: str) -> Shelf:
        shelf: Shelf = self._shelf(user)
        for recorded in await self._journal.read(events.of_noun("document", user), after=shelf.sequence):
            # Several requests read at the same time; each event counts once.
            if recorded.sequence > shelf.sequence:
                shelf.apply(recorded)
        return shelf


def document(what: DocumentUploaded, event: str, *, again: bool) -> Document:
    """The reply about an upload."""
    return Document(
        document=what.document,
        name=what.name,
        size=what.size,
        sha256=what.sha256,
        media_type=what.media_type,
        again=again,
        event=event,
    )
