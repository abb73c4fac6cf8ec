"""Hybrid search over one user's log: by words, by meaning, by what stands around, and a little by age."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from proto import accounts, chat, errors, memory
from proto.base import Caller
from services.memory import hits, ranking
from services.memory.candidates import Question, gather
from services.memory.lexicon import Lexicon, Parsed
from services.memory.ranking import Ranked
from services.memory.store import Session, Store
from services.memory.terms import Terms
from services.memory.vectors import Embedder, QueryVector

ECHOES = (memory.Searched, memory.Queried, accounts.Visited, chat.Called, chat.CallEnded)
"""Happenings that repeat what was looked for or what another event says; found only when their kind is asked for."""
HIDDEN = [echo.kind for echo in ECHOES]


class Opening(Parsed, frozen=True, kw_only=True):
    """What is to be known before a search."""

    engine: str
    """The one whose vectors are searched; empty before the first."""
    waiting: int
    """Events that have no vector yet, counted up to a bound."""


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The last hit of a page."""

    score: float
    sequence: int
    moment: datetime
    """When the first page was asked for: what is new is decided once."""


class Searcher:
    """Searches one user's log."""

    def __init__(self, store: Store, embedder: Embedder, lexicon: Lexicon | None = None) -> None:
        """`lexicon` is one that has learned already."""
        self._store = store
        self._embedder = embedder
        self.lexicon = lexicon or Lexicon(HIDDEN)

    async def search(self, request: memory.Search, caller: Caller, *, passages: bool = True) -> memory.Hits:
        """Find what fits, best first; without the embedding engine by words alone, and say so."""
        last, filters = cursor(request.more), filters_of(request, caller)
        moment = last.moment if last else datetime.now(UTC)
        opening = await self._open(request, filters)
        vector, note = await self._vector(request, opening)
        async with self._store.searching() as session:
            question = await self._question(session, request, filters, opening)
            question = msgspec.structs.replace(question, vector=vector, passages=passages and wants_passages(request))
            weighed, pairs = await gather(session, question)
            below = (last.score, last.sequence) if last else None
            ranked = ranking.rank(weighed, pairs, moment, below=below, limit=request.limit + 1)
            page = ranked[: request.limit]
            found = await hits.read(session, page, request.neighbours, filters)
        more = token(page[-1], moment) if len(ranked) > len(page) else ""
        return memory.Hits(hits=found, sentence=_sentence(request.query, len(found)), note=note, more=more)

    async def _open(self, request: memory.Search, filters: Mapping[str, object]) -> Opening:
        async with self._store.searching() as session:
            (opening,) = await session.fetch(Opening, "open_search", query=_plain(request.query), **filters)
        return opening

    async def _vector(self, request: memory.Search, opening: Opening) -> tuple[QueryVector | None, str]:
        note = _waiting(opening.waiting)
        if request.ways == "words":
            return None, note
        try:
            return await self._embedder.query(request.query, opening.engine), note
        except errors.Failure as failure:
            return None, f"Searched by words alone, because there is no vector of the query: {failure}"

    async def _question(
        self, session: Session, request: memory.Search, filters: Mapping[str, object], parsed: Parsed
    ) -> Question:
        terms, user = Terms(), str(filters["user"])
        if request.ways != "meaning":
            terms = await self.lexicon.weigh(session, user, request.query, parsed)
        size = await self.lexicon.size(session, user)
        return Question(terms=terms, vector=None, filters=filters, size=size)


def _waiting(events: int) -> str:
    if not events:
        return ""
    return f"Not searched by meaning yet, because their vectors are still being made: {events} events."


def cursor(more: str) -> Cursor | None:
    """Read where the page before ended; Invalid when it is not what a page said."""
    if not more:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(more), type=Cursor)
    except ValueError as error:
        raise errors.Invalid("That is not what a page of this search ended with; repeat its `more`.") from error


def token(last: Ranked, moment: datetime) -> str:
    """Write where a page ended."""
    return base64.urlsafe_b64encode(msgspec.json.encode(Cursor(last.score, last.sequence, moment))).decode()


def wants_passages(request: memory.Search) -> bool:
    """Whether passages of documents may answer: nobody did them, and they have no time and no conversation."""
    of_events = request.conversation or request.actor or request.since or request.until
    return not of_events and (not request.kinds or not {"document", memory.PASSAGE}.isdisjoint(request.kinds))


def filters_of(request: memory.Search, caller: Caller) -> dict[str, object]:
    """Return what an event must fit, as the statements take it."""
    return {
        "user": caller.user,
        "kinds": list(request.kinds),
        "nouns": [kind for kind in request.kinds if "." not in kind],
        "hidden": [] if request.kinds else HIDDEN,
        "conversation": request.conversation,
        "by": request.actor,
        "since": request.since,
        "until": request.until,
    }


def _plain(query: str) -> str:
    """Postgres keeps no NUL in a text."""
    return query.replace("\0", " ")


def _sentence(query: str, found: int) -> str:
    return f'Found {found or "nothing"} for "{chat.excerpt(query)}"'
