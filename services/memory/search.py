"""Hybrid search: by words, by meaning and by time, fused by reciprocal rank."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from proto import accounts, chat, errors, llm, memory
from proto.base import Caller
from services.memory.indexing import halfvecs
from services.memory.store import Store
from services.runtime.bus import Bus

WORDS = 200
MEANINGS = 100
"""Candidates of each ranking."""
RECENT = 20
"""Only the newest of the candidates are called recent."""
K = 60
"""The constant of reciprocal rank fusion: how little the first places differ."""
FARTHEST = 0.8
"""Cosine distance beyond which two texts have nothing to do with each other, as MiniLM measures it."""
EMBED_TIMEOUT = 1.0
ECHOES = (memory.Searched, memory.Queried, accounts.Visited, chat.Called, chat.CallEnded)
"""Happenings that repeat what was looked for or what another event says; found only when their kind is asked for."""

Why = Literal["words", "meaning", "recent"]
WEIGHTS: Mapping[Why, float] = {"words": 1.0, "meaning": 1.0, "recent": 0.05}
"""Being new is worth about three places, never as much as fitting."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An event that one of the rankings found."""

    event: str
    time: datetime
    kind: str
    actor: str
    sentence: str
    conversation: str


class Fused(msgspec.Struct, frozen=True, kw_only=True):
    """An event's place after all rankings."""

    event: str
    score: float
    why: tuple[Why, ...]


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """How many events have no vector, counted up to a bound."""

    events: int


class Searcher:
    """Searches one user's log."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self._store = store
        self._bus = bus

    async def search(self, request: memory.Search, caller: Caller) -> memory.Hits:
        """Find what fits, best first; without the embedding engine by words alone, and say so."""
        filters = _filters(request, caller)
        words = await self._store.fetch(Candidate, "words", query=_plain(request.query), limit=WORDS, **filters)
        meaning, note = await self._nearest(request.query, filters)
        found = {candidate.event: candidate for candidate in (*words, *meaning)}
        rankings: dict[Why, Sequence[str]] = {
            "words": [candidate.event for candidate in words],
            "meaning": [candidate.event for candidate in meaning],
            "recent": newest(found.values()),
        }
        hits = tuple(_hit(found[fused.event], fused) for fused in fuse(rankings)[: request.limit])
        return memory.Hits(hits=hits, sentence=_sentence(request.query, len(hits)), note=note)

    async def _nearest(self, query: str, filters: Mapping[str, object]) -> tuple[list[Candidate], str]:
        """Rank by meaning; what is missing is said in a note."""
        try:
            made = await self._bus.call(llm.EMBED, llm.Embed(texts=(query,)), timeout=EMBED_TIMEOUT)
            (vector,) = halfvecs(made)
        except errors.Failure as failure:
            return [], f"Searched by words alone, because there is no vector of the query: {failure}"
        near = await self._store.fetch(
            Candidate, "nearest", vector=vector, engine=made.engine, farthest=FARTHEST, limit=MEANINGS, **filters
        )
        (backlog,) = await self._store.fetch(Backlog, "backlog", user=filters["user"], hidden=filters["hidden"])
        return near, _waiting(backlog.events)


def fuse(rankings: Mapping[Why, Sequence[str]], weights: Mapping[Why, float] = WEIGHTS) -> list[Fused]:
    """Fuse rankings by reciprocal rank (Cormack, Clarke and Büttcher 2009); equal scores keep their first order."""
    scores: defaultdict[str, float] = defaultdict(float)
    why: defaultdict[str, list[Why]] = defaultdict(list)
    for name, ranking in rankings.items():
        for place, event in enumerate(ranking, start=1):
            scores[event] += weights[name] / (K + place)
            why[event].append(name)
    ordered = sorted(scores, key=lambda event: -scores[event])
    return [Fused(event=event, score=scores[event], why=tuple(why[event])) for event in ordered]


def newest(candidates: Iterable[Candidate]) -> list[str]:
    """Rank candidates by time, the newest only."""
    ordered = sorted(candidates, key=lambda candidate: candidate.time, reverse=True)
    return [candidate.event for candidate in ordered[:RECENT]]


def _filters(request: memory.Search, caller: Caller) -> dict[str, object]:
    hidden = [] if request.kinds else [echo.kind for echo in ECHOES]
    return {
        "user": caller.user,
        "kinds": list(request.kinds),
        "hidden": hidden,
        "conversation": request.conversation,
    }


def _plain(query: str) -> str:
    """Postgres keeps no NUL in a text."""
    return query.replace("\0", " ")


def _hit(candidate: Candidate, fused: Fused) -> memory.Hit:
    return memory.Hit(
        event=candidate.event,
        time=candidate.time,
        kind=candidate.kind,
        actor=candidate.actor,
        sentence=candidate.sentence,
        conversation=candidate.conversation,
        score=fused.score,
        why=fused.why,
    )


def _sentence(query: str, found: int) -> str:
    return f'Found {found or "nothing"} for "{chat.excerpt(query)}"'


def _waiting(events: int) -> str:
    if not events:
        return ""
    return f"Not searched by meaning yet, because their vectors are still being made: {events} events."
