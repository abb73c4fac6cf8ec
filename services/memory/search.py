"""Hybrid search over one user's log: by words, by meaning, by what stands around, and a little by age."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from proto import accounts, chat, errors, memory
from proto.base import Caller
from services.memory import ranking
from services.memory.candidates import Question, gather
from services.memory.lexicon import Lexicon
from services.memory.ranking import Beside, Ranked
from services.memory.store import Session, Store
from services.memory.terms import Terms
from services.memory.vectors import Embedder, QueryVector

ECHOES = (memory.Searched, memory.Queried, accounts.Visited, chat.Called, chat.CallEnded)
"""Happenings that repeat what was looked for or what another event says; found only when their kind is asked for."""
HIDDEN = [echo.kind for echo in ECHOES]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it is shown."""

    sequence: int
    event: str
    time: datetime
    kind: str
    actor: str
    sentence: str
    conversation: str


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """How many events have no vector, counted up to a bound."""

    events: int


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The last hit of a page."""

    score: float
    sequence: int
    moment: datetime
    """When the first page was asked for: what is new is decided once."""


class Searcher:
    """Searches one user's log."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self._store = store
        self._embedder = embedder
        self.lexicon = Lexicon(HIDDEN)

    async def search(self, request: memory.Search, caller: Caller) -> memory.Hits:
        """Find what fits, best first; without the embedding engine by words alone, and say so."""
        last, filters = cursor(request.more), filters_of(request, caller)
        moment = last.moment if last else datetime.now(UTC)
        vector, note = await self._vector(request)
        async with self._store.searching() as session:
            weighed, pairs = await gather(session, await self._question(session, request, filters, vector))
            ranked = ranking.rank(weighed, pairs, moment)
            rest = [one for one in ranked if last is None or (one.score, one.sequence) < (last.score, last.sequence)]
            page = rest[: request.limit]
            hits = await _hits(session, page, request.neighbours, filters)
            note = note or await _waiting(session, filters)
        more = token(page[-1], moment) if len(rest) > len(page) else ""
        return memory.Hits(hits=hits, sentence=_sentence(request.query, len(hits)), note=note, more=more)

    async def _vector(self, request: memory.Search) -> tuple[QueryVector | None, str]:
        if request.ways == "words":
            return None, ""
        try:
            return await self._embedder.query(request.query), ""
        except errors.Failure as failure:
            return None, f"Searched by words alone, because there is no vector of the query: {failure}"

    async def _question(
        self, session: Session, request: memory.Search, filters: Mapping[str, object], vector: QueryVector | None
    ) -> Question:
        terms, user = Terms(), str(filters["user"])
        if request.ways != "meaning":
            terms = await self.lexicon.read(session, user, _plain(request.query))
        size = await self.lexicon.size(session, user)
        return Question(terms=terms, vector=vector, filters=filters, size=size)


async def _hits(
    session: Session, page: Sequence[Ranked], neighbours: int, filters: Mapping[str, object]
) -> tuple[memory.Hit, ...]:
    """Read the events of a page, each with what stands beside it when that is asked for."""
    places = [one.sequence for one in page]
    narrow = {name: filters[name] for name in ("user", "hidden")}
    pairs = await session.fetch(Beside, "around", sequences=places, reach=neighbours, **narrow) if neighbours else []
    wanted = {*places, *(pair.sequence for pair in pairs)}
    rows = {row.sequence: row for row in await session.fetch(Row, "read_found", sequences=list(wanted), **narrow)}
    beside = {place: sorted(pair.sequence for pair in pairs if pair.beside == place) for place in places}
    # An event may be forgotten between two statements.
    return tuple(
        _hit(rows[one.sequence], one, [rows[place] for place in beside[one.sequence] if place in rows])
        for one in page
        if one.sequence in rows
    )


async def _waiting(session: Session, filters: Mapping[str, object]) -> str:
    (backlog,) = await session.fetch(Backlog, "backlog", user=filters["user"], hidden=filters["hidden"])
    if not backlog.events:
        return ""
    return f"Not searched by meaning yet, because their vectors are still being made: {backlog.events} events."


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


def filters_of(request: memory.Search, caller: Caller) -> dict[str, object]:
    """Return what an event must fit, as the statements take it."""
    return {
        "user": caller.user,
        "kinds": list(request.kinds),
        "hidden": [] if request.kinds else HIDDEN,
        "conversation": request.conversation,
        "by": request.actor,
        "since": request.since,
        "until": request.until,
    }


def _plain(query: str) -> str:
    """Postgres keeps no NUL in a text."""
    return query.replace("\0", " ")


def _hit(row: Row, ranked: Ranked, beside: Sequence[Row]) -> memory.Hit:
    return memory.Hit(
        event=row.event,
        time=row.time,
        kind=row.kind,
        actor=row.actor,
        sentence=row.sentence,
        conversation=row.conversation,
        score=ranked.score,
        why=ranked.why,
        neighbours=tuple(
            memory.Neighbour(event=one.event, time=one.time, actor=one.actor, sentence=one.sentence) for one in beside
        ),
    )


def _sentence(query: str, found: int) -> str:
    return f'Found {found or "nothing"} for "{chat.excerpt(query)}"'
