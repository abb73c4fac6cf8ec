"""The projector: writes the log into SQL, in order, by one process at a time."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import Callable, Sequence

import msgspec

from proto import errors, events
from proto.keeping import Position
from services.memory import projections
from services.memory.backoff import Backoff
from services.memory.entries import Entry, bare, identity
from services.memory.migrations import Refusal, migrate
from services.memory.pages import PAGE, Page, delivered, page, read_ahead, stored
from services.memory.rebuilding import make_missing
from services.memory.store import Session, Store, Unstorable
from services.runtime.bus import Batch, Bus

DURABLE = "memory"
GATHER = 0.03
"""Seconds in which what happens together becomes one transaction, off the way of whoever answers."""
AHEAD = 4
"""Batches that are asked for at once, so that the next one is here when one is written."""
LOCK = 2
"""The advisory lock of the process that projects; it ends with that process's session, however it ends."""
STANDBY = 0.25
"""Seconds between two tries for the lock: a waiting lock request would hold back the cleaning of old rows."""

log = logging.getLogger("daimon.memory")


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the lock is ours."""

    held: bool


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """An event's id."""

    id: str


class Projector:
    """Keeps SQL up to the log for as long as the service runs, through outages of either."""

    def __init__(self, store: Store, bus: Bus, written: Callable[[], None]) -> None:
        self._store = store
        self._bus = bus
        self._written = written
        """Called when there may be new rows."""
        self._last = 0

    async def run(self, tried: Callable[[], None]) -> None:
        """Project until cancelled; `tried` is called once the schema is there, or the database is known to be away.

        Raises Refusal when the database is not one to write into.
        """
        tried = functools.cache(tried)
        backoff, said = Backoff(), ""
        while True:
            try:
                async with self._store.alone() as session:
                    await migrate(session, self._store.dump_before)
                    tried()
                    await _own(session)
                    await make_missing(session)
                    backoff.reset()
                    said = ""
                    await self._project(session)
            except Refusal:
                raise
            except errors.Failure as failure:
                if failure.message != said:
                    said = failure.message
                    log.warning("projecting is interrupted: %s", said, extra={"action": "memory.interrupted"})
            tried()
            await asyncio.sleep(backoff.next())

    async def _project(self, session: Session) -> None:
        (position,) = await session.fetch(Position, "position")
        self._last = position.sequence
        await self._check_log(session)
        log.info("projecting from %d on", self._last, extra={"action": "memory.projecting"})
        newest = await self._bus.journal.last(events.ALL)
        await self._catch_up(session, newest.sequence if newest else 0)
        self._written()
        work = self._bus.work(DURABLE).batches(PAGE, gather=GATHER, ahead=AHEAD)
        async with contextlib.aclosing(work) as batches, contextlib.aclosing(read_ahead(delivered(batches))) as pages:
            async for batch, arrived in pages:
                await self._take(session, batch, arrived)

    async def _take(self, session: Session, batch: Batch, arrived: Page) -> None:
        fresh = [one for one in arrived.entries if one.sequence > self._last]
        try:
            if fresh and not continues(self._last, fresh):
                await self._catch_up(session, fresh[-1].sequence)
            elif fresh:
                await self._write(session, arrived if len(fresh) == len(arrived.entries) else page(fresh))
        except errors.Failure:
            await _give_back(batch)
            raise
        await batch.ack()
        self._written()

    async def _catch_up(self, session: Session, upto: int) -> None:
        """Read what is missing from the log itself: what a dead process took along comes again only much later.

        No further than needed: what comes after it comes as work, and would be read twice.
        """
        missing = stored(self._bus.journal, self._last, upto)
        async with contextlib.aclosing(read_ahead(missing)) as pages:
            async for found in pages:
                await self._write(session, found)

    async def _write(self, session: Session, found: Page) -> None:
        try:
            await write(session, found)
        except Unstorable:
            await _write_apart(session, found.entries)
        self._last = found.entries[-1].sequence

    async def _check_log(self, session: Session) -> None:
        """Refuse to mix two logs: the newest event that both should have must be the same one."""
        newest = await self._bus.journal.last(events.ALL)
        common = min(self._last, newest.sequence if newest else 0)
        here = await session.fetch(Found, "event_at", sequence=common)
        there = await self._bus.journal.read(events.ALL, after=common - 1, limit=1) if common else []
        empty = self._last > 0 and newest is None
        if empty or (here and there and there[0].sequence == common and identity(there[0].event.id) != here[0].id):
            raise Refusal(
                "The database holds the events of another log. Give memory the database that belongs to this log,"
                " or an empty one to fill anew."
            )


def continues(last: int, entries: Sequence[Entry]) -> bool:
    """Whether these are the very next events, in order and without a gap."""
    return [one.sequence for one in entries] == list(range(last + 1, last + 1 + len(entries)))


async def write(session: Session, found: Page) -> None:
    """Write events with all that follows from them, or nothing."""
    async with session.transaction():
        # Whoever rebuilds, forgets or mends holds it too, so the order of the log is the order of the writing.
        await session.run("hold_position")
        new = await projections.events.insert(session, found.entries, found.columns)
        for projection in projections.ALL:
            await projection.write(session, new)
        await session.run("advance", sequence=found.entries[-1].sequence, events=len(new))


async def _write_apart(session: Session, entries: Sequence[Entry]) -> None:
    """Write by halves until the event is alone that Postgres does not take; it leaves only its details out."""
    middle = len(entries) // 2
    for half in filter(None, (entries[:middle], entries[middle:])):
        try:
            await write(session, page(half))
        except Unstorable as failure:
            if len(half) > 1:
                await _write_apart(session, half)
            else:
                log.error("event %s: %s", half[0].id, failure, extra={"action": "memory.unstorable"})  # noqa: TRY400
                await write(session, page([bare(half[0])]))


async def _own(session: Session) -> None:
    """Wait until this process is the one that projects."""
    waiting = False
    while True:
        (lock,) = await session.fetch(Held, "try_lock", lock=LOCK)
        if lock.held:
            return
        if not waiting:
            log.info("another process projects; standing by", extra={"action": "memory.standby"})
            waiting = True
        await asyncio.sleep(STANDBY)


async def _give_back(batch: Batch) -> None:
    """Let whoever projects next have these at once."""
    with contextlib.suppress(errors.Failure):
        for delivery in batch.deliveries:
            await delivery.later(0)
