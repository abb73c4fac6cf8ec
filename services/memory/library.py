"""What memory answers about documents: listed, searched, read, deleted."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from proto import chat, documents, errors
from proto.base import Caller
from proto.documents import DocumentDeleted, DocumentLine, Found, Text, cited
from proto.events import happened
from proto.moments import moment
from services.memory import ranking
from services.memory.candidates import Question
from services.memory.lexicon import LibraryLexicon
from services.memory.ranking import UNLIKE, Ranked, Weighed
from services.memory.store import Session, Store
from services.memory.terms import Terms
from services.memory.vectors import BusEmbedder, QueryVector, Served
from services.runtime.bus import Bus, Routes

END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
MOST = 50
"""Passages of one answer."""
CANDIDATES = 60
"""Of words and of meaning each."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A passage as it is shown."""

    id: int
    document: str
    name: str
    owned: bool
    """Whether it is somebody's, and so has a page; Daimon's own files have none."""
    heading: str
    page: int
    line: int
    last: int
    text: str


class Bytes(msgspec.Struct, frozen=True, kw_only=True):
    """Under which name the bucket has a document."""

    sha256: str


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A passage as it is read."""

    passage: int
    text: str
    heading: str
    page: int
    line: int
    last: int


class Library:
    """The documents of everybody, each seen by its owner alone."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self._store = store
        self._bus = bus
        self._embedder = BusEmbedder(bus)
        self._lexicon = LibraryLexicon()

    def routes(self) -> Routes:
        """The calls with what answers them."""
        return {
            documents.LIST: self.list,
            documents.SEARCH: self.search,
            documents.READ: self.read,
            documents.DELETE: self.delete,
        }

    async def list(self, request: documents.ListDocuments, caller: Caller) -> documents.DocumentList:
        """List the caller's documents, newest first."""
        page = {"before": request.before or END_OF_TIME, "before_id": request.before_id, "limit": request.limit}
        wanted = {"user": caller.user, "named": request.named, **page}
        if request.as_of:
            then = moment(request.as_of)
            lines = await self._store.fetch(
                DocumentLine, "documents_as_of", sequence=then.sequence, upto=then.time, document="", **wanted
            )
        else:
            lines = await self._store.fetch(DocumentLine, "list_documents", **wanted)
        count = f"{len(lines)} document{'' if len(lines) == 1 else 's'}"
        return documents.DocumentList(documents=tuple(lines), sentence=count)

    async def search(self, request: documents.SearchDocuments, caller: Caller) -> documents.FoundPassages:
        """Find passages, best first; without the embedding engine by words alone, and say so."""
        only = (await self._find(request.document, caller)).document if request.document else ""
        vector, note = await self._vector(request.query)
        async with self._store.session() as session:
            terms = await self._lexicon.read(session, caller.user, request.query.replace("\0", " "))
            hits = tuple(await find(session, terms, vector, caller.user, only))[: request.limit]
        sentence = f'Found {len(hits) or "nothing"} in documents for "{chat.excerpt(request.query)}"'
        return documents.FoundPassages(hits=hits, sentence=sentence, note=note)

    async def read(self, request: documents.ReadDocument, caller: Caller) -> documents.DocumentText:
        """Read on in a document."""
        line = await self._find(request.document, caller, request.as_of)
        if request.as_of and line.state != "ready":
            return documents.DocumentText(document=line, texts=())
        where = {"page": request.page, "line": request.line, "passage": request.passage, "limit": request.limit}
        pieces = await self._store.fetch(Piece, "read_passages", user=caller.user, document=line.document, **where)
        texts = tuple(
            Text(passage=one.passage, place=cited(one.page, one.line, one.last), heading=one.heading, text=one.text)
            for one in pieces
        )
        return documents.DocumentText(document=line, texts=texts)

    async def delete(self, request: documents.DeleteDocument, caller: Caller) -> documents.Deleted:
        """Erase a document's bytes and record that; what it was found by goes as soon as SQL has it."""
        line = await self._find(request.document, caller)
        (kept,) = await self._store.fetch(Bytes, "bytes_of_document", user=caller.user, document=line.document)
        # First, so that it can be taken up: once the deletion is recorded, nobody finds the document any more.
        await self._bus.eraser.file(self._bus.objects(documents.FILES), caller.user, kept.sha256)
        event = happened(DocumentDeleted(document=line.document, name=line.name), caller)
        await self._bus.journal.append(event)
        return documents.Deleted(document=line.document, sentence=event.sentence)

    async def _find(self, document: str, caller: Caller, as_of: str = "") -> DocumentLine:
        which = {"user": caller.user, "document": document}
        if as_of:
            then = moment(as_of)
            page = {"named": "", "before": END_OF_TIME, "before_id": "", "limit": 1}
            found = await self._store.fetch(
                DocumentLine, "documents_as_of", sequence=then.sequence, upto=then.time, **which, **page
            )
        else:
            found = await self._store.fetch(DocumentLine, "find_document", **which)
        if not found and as_of:
            raise errors.Missing(f"There was no document '{document}' then.")
        if not found:
            raise errors.Missing(f"There is no document '{document}'; documents.list shows which there are.")
        return found[0]

    async def _vector(self, query: str) -> tuple[QueryVector | None, str]:
        try:
            (served,) = await self._store.fetch(Served, "served_engine")
            return await self._embedder.query(query, served.engine), ""
        except errors.Failure as failure:
            return None, f"Searched by words alone, because there is no vector of the query: {failure}"


async def find(
    session: Session, terms: Terms, vector: QueryVector | None, user: str, document: str
) -> list[documents.Found]:
    """Find passages of a user, or of one document, best first."""
    question = Question(terms=terms, vector=vector, filters={"user": user, "document": document})
    ranked = (await _ranked(session, question))[:MOST]
    ids = [one.sequence for one in ranked]
    rows = {row.id: row for row in await session.fetch(Row, "read_found_passages", user=user, passages=ids)}
    return [_found(rows[one.sequence], one) for one in ranked if one.sequence in rows]


async def _ranked(session: Session, question: Question) -> list[Ranked]:
    found = await session.fetch(
        Weighed,
        "weigh_passages",
        any=question.terms.any,
        farthest=1 - UNLIKE,
        limit=CANDIDATES,
        **question.values,
    )
    return ranking.rank({one.sequence: one for one in found}, (), datetime.now(UTC))


def _found(row: Row, ranked: Ranked) -> Found:
    return Found(
        document=row.document,
        name=row.name,
        place=cited(row.page, row.line, row.last),
        link=documents.page_of(row.document, row.page, row.line) if row.owned else "",
        heading=row.heading,
        text=row.text,
        score=ranked.score,
        why=ranked.why,
    )
