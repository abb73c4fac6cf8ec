"""Proving SQL against the log: every event there once, nothing else, and each user's chain unbroken."""

from __future__ import annotations

from collections.abc import Sequence

from proto import events
from proto.events import Recorded
from proto.keeping import Problem, Seal, Verified
from services.memory.entries import Entry, bare, entry
from services.memory.store import Store, Unstorable, by_column
from services.runtime.bus.journal import Journal

PAGE = 1000
SHOWN = 100
"""Problems told of one piece; a table that is wrong from end to end would fill any message."""
_COLUMNS = (
    "id",
    "sequence",
    "time",
    "user",
    "actor",
    "kind",
    "sentence",
    "conversation",
    "cause",
    "data",
    "version",
)


class Verifier:
    """Compares piece by piece, so that nobody waits for one answer over a million rows."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal

    async def piece(self, after: int, upto: int) -> Verified:
        """Compare the events after a place; the last piece reaches up to `upto`."""
        page = await self._journal.read(events.ALL, after=after, limit=PAGE)
        found = [one for one in page if one.sequence <= upto]
        end = found[-1].sequence if len(found) == PAGE else upto
        problems = [
            *await self.differences(found),
            *await self._store.fetch(Problem, "broken_rows", after=after, upto=end),
            *await self._holes(found, after, end),
            *(await self._store.fetch(Problem, "rows_beyond") if end == upto else []),
        ]
        once = {(problem.sequence, problem.event): problem for problem in reversed(problems)}
        told = sorted(once.values(), key=lambda problem: problem.sequence)
        return Verified(next=end, events=len(found), problems=tuple(told[:SHOWN]))

    async def seal(self, upto: int) -> Seal:
        """Hash the ends of all chains."""
        (seal,) = await self._store.fetch(Seal, "seal", upto=upto)
        return seal

    async def differences(self, found: Sequence[Recorded]) -> list[Problem]:
        """Compare as it should have been written; what Postgres does not take whole was written without details."""
        entries = {one.sequence: entry(one) for one in found}
        try:
            problems = await self._compare(list(entries.values()))
        except Unstorable:
            problems = [problem for one in entries.values() for problem in await self._compare_alone(one)]
        return [problem for problem in problems if not await self._is_bare(problem, entries[problem.sequence])]

    async def _compare_alone(self, one: Entry) -> list[Problem]:
        try:
            return await self._compare([one])
        except Unstorable:
            return await self._compare([bare(one)])

    async def _is_bare(self, problem: Problem, one: Entry) -> bool:
        return problem.problem == "altered" and not await self._compare([bare(one)])

    async def _compare(self, entries: Sequence[Entry]) -> list[Problem]:
        return await self._store.fetch(Problem, "differences", **by_column(entries, *_COLUMNS)) if entries else []

    async def _holes(self, found: Sequence[Recorded], after: int, end: int) -> list[Problem]:
        there = {one.sequence for one in found}
        places = [place for place in range(after + 1, end + 1) if place not in there]
        return await self._store.fetch(Problem, "holes", places=places) if places else []
