"""What one size of the log costs to search, and how much of the right answer is found."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from proto import memory
from proto.base import Caller
from proto.benches import Measured
from services.memory import ranking
from services.memory.bench.filling import ENGINE, USER, written
from services.memory.bench.story import DIMENSIONS, Told, World
from services.memory.candidates import Question, by_place, with_surroundings
from services.memory.hits import Row
from services.memory.ranking import Ranked, Weighed
from services.memory.search import Searcher, filters_of
from services.memory.store import Session, Store
from services.memory.vectors import QueryVector
from services.memory.warming import Warmer

FIRST = 10
WARM, ASKED, CHECKED, CLIENTS, EACH, NAIVE = 60, 200, 20, 8, 60, 3
BEFORE = 30
"""Searches of each client before the clock runs: a service that is up has its connections and plans, and each of its
connections has met most pages of the indexes, which costs a fault the first time."""
WINDOW = timedelta(days=7)
ADA = Caller(user=USER, actor="plugin-bench")


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """A number of bytes."""

    bytes: int


class Made:
    """Vectors of queries, made before the clock runs: the embedding engine is measured elsewhere."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._made: dict[str, QueryVector] = {}

    def prepare(self, text: str) -> None:
        """Make a vector."""
        vector = written(self._world, text)
        self._made[text] = QueryVector(engine=ENGINE, dimensions=DIMENSIONS, vector=vector)

    async def query(self, text: str, engine: str = ENGINE) -> QueryVector:  # noqa: ARG002
        """Return a vector that was made."""
        return self._made[text]


class Sized(msgspec.Struct, frozen=True, kw_only=True):
    """A log of a size, and some of what was told in it."""

    size: int
    filling: float
    """Seconds that the last part took."""
    told: Sequence[Told]


def asked_of(sample: Sequence[Told], *, tuning: bool) -> list[Told]:
    """Choose what is asked for: by every other event the bounds of search are chosen, by the others it is judged."""
    half = list(sample)[0 if tuning else 1 :: 2]
    return half[:: max(1, len(half) // (WARM + ASKED))]


async def measure(store: Store, world: World, log: Sized) -> Measured:
    """Search a log of a size in every way."""
    made = Made(world)
    searcher = Searcher(store, made)
    told = log.told
    searches = [memory.Search(query=world.ask(one).text) for one in told]
    narrow = [narrowed(search, one) for search, one in zip(searches, told, strict=True)]
    for search in searches:
        made.prepare(search.query)
    # As the service does after its start.
    await Warmer(store, searcher.lexicon, rest=0).warm()
    await _times(searcher, searches[:WARM])
    free, filtered = await _times(searcher, searches[WARM:]), await _times(searcher, narrow)
    checked = [await agreement(store, searcher, made, search) for search in searches[:CHECKED]]
    naive = [await _naive(store, made, search) for search in searches[:NAIVE]]
    (disk,) = await store.fetch(Count, "database_size")
    return Measured(
        size=log.size,
        median=statistics.median(free),
        p95=_p95(free),
        filtered=_p95(filtered),
        rate=await _rate(searcher, searches),
        recall=statistics.mean(checked),
        naive=statistics.median(naive),
        disk=disk.bytes,
        filling=log.filling,
    )


def narrowed(search: memory.Search, told: Told) -> memory.Search:
    """Add a filter that few events pass: a conversation, or a kind in a week."""
    if told.conversation:
        return msgspec.structs.replace(search, conversation=told.conversation)
    return msgspec.structs.replace(search, kinds=(told.kind,), since=told.time - WINDOW, until=told.time + WINDOW)


async def _times(searcher: Searcher, searches: Sequence[memory.Search]) -> list[float]:
    times = []
    for search in searches:
        began = time.perf_counter()
        await searcher.search(search, ADA)
        times.append((time.perf_counter() - began) * 1000)
    return times


async def _rate(searcher: Searcher, searches: Sequence[memory.Search]) -> float:
    async def client(number: int, turns: int) -> None:
        for turn in range(turns):
            await searcher.search(searches[(number * EACH + turn) % len(searches)], ADA)

    async def clients(turns: int) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(CLIENTS):
                group.create_task(client(number, turns))

    await clients(BEFORE)
    began = time.perf_counter()
    await clients(EACH)
    return CLIENTS * EACH / (time.perf_counter() - began)


async def agreement(store: Store, searcher: Searcher, made: Made, search: memory.Search) -> float:
    """Return how many of the first ten of the exact search are among the first ten found."""
    found = await searcher.search(search, ADA)
    async with store.alone() as session:
        terms = await searcher.lexicon.read(session, USER, search.query)
        question = Question(terms=terms, vector=await made.query(search.query), filters=filters_of(search, ADA))
        right = (await exactly(session, question))[:FIRST]
        places = [one.sequence for one in right]
        events = {row.event for row in await session.fetch(Row, "read_found", sequences=places, user=USER)}
    return len(events.intersection(hit.event for hit in found.hits)) / max(1, len(events))


async def exactly(session: Session, question: Question) -> list[Ranked]:
    """Rank everything there is by the score of search, without choosing candidates first."""
    constants = {"meaning": ranking.MEANING, "unlike": ranking.UNLIKE, "strength": ranking.STRENGTH}
    best = by_place(await session.fetch(Weighed, "rank_exactly", **constants, **question.values))
    return ranking.rank(*await with_surroundings(session, question, best), datetime.now(UTC))


async def _naive(store: Store, made: Made, search: memory.Search) -> float:
    """Time what one writes first: rank everything by both, and take the best."""
    vector = await made.query(search.query)
    values = {"vector": vector.vector, "engine": ENGINE, "dimensions": DIMENSIONS, "user": USER}
    async with store.alone() as session:
        began = time.perf_counter()
        await session.run("rank_naively", query=search.query, **values)
        return (time.perf_counter() - began) * 1000


def _p95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]
