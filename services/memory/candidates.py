"""What may answer a query: fetched by its rare words and by its meaning, and weighed by both."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from services.memory.ranking import LENT, UNLIKE, Beside, Weighed, strongest
from services.memory.store import Session
from services.memory.terms import Count, Terms
from services.memory.vectors import QueryVector


class Depth(msgspec.Struct, frozen=True, kw_only=True):
    """How far a search looks."""

    words: int = 150
    meanings: int = 100
    """Candidates of each kind."""
    matches: int = 4000
    """Events with enough of the words that are compared; of more, the newest."""
    strong: int = 40
    """How many of the best have their surroundings looked at."""
    few: int = 1500
    """Up to so many events that pass the filters are measured one by one."""


NOTHING = QueryVector(engine="", dimensions=1, vector="[0]")


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A query as it is put to Postgres."""

    terms: Terms
    vector: QueryVector | None
    filters: Mapping[str, object]
    depth: Depth = Depth()

    @property
    def weights(self) -> dict[str, object]:
        """The words and what each says."""
        terms = self.terms
        return {"terms": list(terms.terms), "weights": list(terms.weights), "strict": terms.strict}

    @property
    def meaning(self) -> dict[str, object]:
        """The vector, and whose it is."""
        vector = self.vector or NOTHING
        return {"engine": vector.engine, "vector": vector.vector, "dimensions": vector.dimensions}


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """An event's place in the log."""

    sequence: int


async def gather(session: Session, question: Question) -> tuple[dict[int, Weighed], list[Beside]]:
    """Return what may answer, weighed, and which of it stand beside each other."""
    found = {*await _words(session, question), *await _nearest(session, question)}
    weighed = await _weigh(session, question, found)
    strong = strongest(weighed.values(), question.depth.strong) if question.terms.asks else ()
    if not strong:
        return weighed, []
    narrow = {name: question.filters[name] for name in ("user", "hidden")}
    pairs = await session.fetch(Beside, "around", sequences=list(strong), reach=len(LENT), **narrow)
    others = {pair.sequence for pair in pairs} - weighed.keys()
    return weighed | await _weigh(session, question, others), pairs


async def _words(session: Session, question: Question) -> list[int]:
    terms = question.terms
    if not terms.any:
        return []
    fetched = {"any": terms.any, "most": question.depth.matches, "limit": question.depth.words}
    found = await session.fetch(Place, "words", **fetched, **question.weights, **question.filters)
    return [place.sequence for place in found]


async def _nearest(session: Session, question: Question) -> list[int]:
    if question.vector is None:
        return []
    (matching,) = await session.fetch(Count, "matching", most=question.depth.few, **question.filters)
    parameters = {"farthest": 1 - UNLIKE, "limit": question.depth.meanings, **question.meaning, **question.filters}
    if matching.count > question.depth.few:
        found = await session.fetch(Place, "nearest", **parameters)
    else:
        found = await session.fetch(Place, "nearest_of_few", **parameters)
    return [place.sequence for place in found]


async def _weigh(session: Session, question: Question, sequences: Collection[int]) -> dict[int, Weighed]:
    if not sequences:
        return {}
    parameters = {**question.weights, **question.meaning, **question.filters}
    rows = await session.fetch(Weighed, "weigh", sequences=list(sequences), **parameters)
    return {row.sequence: row for row in rows}
