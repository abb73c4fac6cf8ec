"""Making everything that follows from the log anew, in one transaction, while reading goes on."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence

import msgspec

from proto import events, keeping
from proto.base import Caller
from proto.events import Recorded
from proto.keeping import Position, Rebuilt, Table
from services.memory import projections
from services.memory.entries import Entry, bare, entry
from services.memory.projections.projection import Projection
from services.memory.rows import LogRow
from services.memory.store import Session, Store, Unstorable, by_column
from services.memory.verifying import Verifier
from services.runtime.bus.journal import Journal

PAGE = 1000

log = logging.getLogger("daimon.memory")


class Unmade(msgspec.Struct, frozen=True, kw_only=True):
    """A projection that no row was made of yet."""

    projection: str


class Rebuilder:
    """Mends the events by the log, then makes the projections from them."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal
        self._verifier = Verifier(store, journal)

    async def rebuild(self, _: keeping.Rebuild, __: Caller) -> Rebuilt:
        """Do it, and tell what each table held before and holds now."""
        async with self._store.alone() as session, session.transaction():
            # The projector waits for this row, so nothing is written in between.
            (position,) = await session.fetch(Position, "hold_position")
            before = await session.fetch(Table, "checksums")
            mended = await self._mend(session, position.sequence)
            count = await project_anew(session, position.sequence)
            if mended:
                await session.run("chain_anew")
            after = await session.fetch(Table, "checksums")
        return Rebuilt(
            sequence=position.sequence, events=count, mended=mended, before=tuple(before), after=tuple(after)
        )

    async def _mend(self, session: Session, upto: int) -> int:
        mended, after = 0, 0
        while page := [one for one in await self._page(after) if one.sequence <= upto]:
            entries = {one.sequence: entry(one) for one in page}
            mended += await session.run("drop_intruders", **by_column(list(entries.values()), "sequence", "id"))
            wrong = [problem for problem in await self._verifier.differences(page) if problem.problem != "kept"]
            for problem in wrong:
                await _mend_one(session, entries[problem.sequence])
            mended += len(wrong)
            after = page[-1].sequence
        return mended

    async def _page(self, after: int) -> list[Recorded]:
        return await self._journal.read(events.ALL, after=after, limit=PAGE)


async def _mend_one(session: Session, one: Entry) -> None:
    try:
        async with session.transaction():
            await session.run("mend_events", **by_column([one], *projections.events.COLUMNS))
    except Unstorable:
        await session.run("mend_events", **by_column([bare(one)], *projections.events.COLUMNS))


async def project_anew(session: Session, upto: int, user: str | None = None) -> int:
    """Make the projections of everybody, or of one user, from the rows of the log; return how many rows there were."""
    await session.run("clear_projections", user=user)
    count = 0
    async for entries in _remembered(session, upto, user):
        await _project(session, entries, projections.ALL)
        count += len(entries)
    return count


async def make_missing(session: Session) -> None:
    """Make the projections that are newer than the rows of the log, if a step of the schema brought any."""
    async with session.transaction():
        (position,) = await session.fetch(Position, "hold_position")
        missing = [each.projection for each in await session.fetch(Unmade, "unmade")]
        if missing and position.sequence:
            await session.run("clear_unmade")
            log.info("making %s from the log", " and ".join(missing), extra={"action": "memory.making"})
            async for entries in _remembered(session, position.sequence):
                await _project(session, entries, [projections.BY_NAME[name] for name in missing])
        await session.run("made")


async def _remembered(session: Session, upto: int, user: str | None = None) -> AsyncGenerator[list[Entry], None]:
    after = 0
    while rows := await session.fetch(LogRow, "remembered", after=after, upto=upto, user=user, limit=PAGE):
        yield [entry(row.recorded()) for row in rows]
        after = rows[-1].sequence


async def _project(session: Session, entries: Sequence[Entry], which: Sequence[Projection]) -> None:
    """Make what follows from events; one that Postgres does not take whole loses its details, as it did at first."""
    try:
        async with session.transaction():
            for projection in which:
                await projection.write(session, entries)
    except Unstorable:
        middle = len(entries) // 2
        if middle:
            await _project(session, entries[:middle], which)
            await _project(session, entries[middle:], which)
        else:
            await session.run("mend_events", **by_column([bare(entries[0])], *projections.events.COLUMNS))
