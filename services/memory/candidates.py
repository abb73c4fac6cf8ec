"""What may answer a query: fetched by its words and by its meaning, and weighed by both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from services.memory.ranking import LENT, Beside, Weighed, strongest
from services.memory.store import FILTERS, Session
from services.memory.terms import Terms
from services.memory.vectors import QueryVector

FEW = 5000
"""Up to so many events that pass the filters are measured one by one."""
STRONG = 8
"""How many of the best have their surroundings looked at."""
NOTHING = QueryVector(engine="", dimensions=1, vector="[0]")


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A query as it is put to Postgres."""

    terms: Terms
    vector: QueryVector | None
    filters: Mapping[str, object]
    size: int = 0
    """Of the log that is searched, as far as is known."""
    passages: bool = False
    """Whether passages of documents may answer too; their places are below 0."""

    @property
    def is_narrow(self) -> bool:
        """Whether not everything is searched."""
        return any(self.filters.get(name) for name in FILTERS)

    @property
    def is_broad(self) -> bool:
        """Whether everything is searched, and that is much."""
        return self.passages and not self.is_narrow and self.size > FEW

    @property
    def values(self) -> dict[str, object]:
        """What the statements take."""
        vector = self.vector or NOTHING
        meaning = {"engine": vector.engine, "vector": vector.vector, "dimensions": vector.dimensions}
        return {**self.terms.values, **meaning, **self.filters}


class Measured(Weighed, frozen=True, kw_only=True):
    """One of those that pass the filters; the last row only says how many these are."""

    matching: int


class Near(Weighed, frozen=True, kw_only=True):
    """An event beside a strong one, and how it fits by itself."""

    beside: int
    step: int


Gathered = tuple[dict[int, Weighed], list[Beside]]


async def gather(session: Session, question: Question) -> Gathered:
    """Return what may answer, weighed, and which of it stand beside each other."""
    weighed = by_place(await _found(session, question))
    return await with_surroundings(session, question, weighed)


async def with_surroundings(session: Session, question: Question, weighed: dict[int, Weighed]) -> Gathered:
    """Add what stands around the best, where the query asks something."""
    strong = strongest(weighed.values(), STRONG) if question.terms.asks else ()
    if not strong:
        return weighed, []
    values = {"sequences": list(strong), "reach": len(LENT), **question.values}
    near = await session.fetch(Near, "surroundings", **values)
    pairs = [Beside(beside=one.beside, sequence=one.sequence, step=one.step) for one in near]
    return {**by_place(near), **weighed}, pairs


def by_place(found: Iterable[Weighed]) -> dict[int, Weighed]:
    """Name each by its place."""
    return {one.sequence: one for one in found}


async def _found(session: Session, question: Question) -> list[Weighed]:
    if question.terms.fetch and question.vector and question.is_broad:
        return await session.fetch(Weighed, "words_and_nearest", **question.terms.fetches, **question.values)
    return [*await _worded(session, question), *await _near(session, question)]


async def _worded(session: Session, question: Question) -> list[Weighed]:
    terms = question.terms
    if not terms.fetch:
        return []
    if question.passages:
        return await session.fetch(Weighed, "words", **terms.fetches, **question.values)
    return await session.fetch(Weighed, "words_of_events", **terms.fetches, **question.values)


async def _near(session: Session, question: Question) -> list[Weighed]:
    if question.vector is None:
        return []
    if question.is_broad:
        return await session.fetch(Weighed, "nearest", **question.values)
    found = await _near_events(session, question)
    if question.passages:
        found += await session.fetch(Weighed, "nearest_passages", **question.values)
    return found


async def _near_events(session: Session, question: Question) -> list[Weighed]:
    if question.is_narrow or question.size <= FEW:
        *near, counted = await session.fetch(Measured, "nearest_of_few", **question.values)
        if counted.matching <= FEW:
            return list(near)
    return await session.fetch(Weighed, "nearest_events", **question.values)
