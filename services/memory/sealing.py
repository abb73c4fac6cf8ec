"""Sealing: when many vectors have gathered in the hot segment, they become one that HNSW finds.

Segments grow by the logarithmic method (Bentley and Saxe 1980): a new one takes in the older ones that are not much
larger than itself, so there are few of them, and a vector is built into an index only a few times in its life.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import msgspec

from proto import errors
from services.memory.store import Session, Store

HOT = 20_000
"""Vectors that are scanned exactly in about 10 ms; beyond, they are sealed."""
ABSORBED = 2
"""How many times as large an older segment may be to be taken in."""
BYTES = 1600
"""Memory that building takes for a vector."""
LEAST, MOST = 65_536, 2_097_152
"""Kilobytes that building may take."""
LOCK = 3
"""The advisory lock of the process that seals."""
EVERY = 5.0
"""Seconds between two looks."""
RUSH = 5000
"""Vectors that come between two looks, beyond which sealing waits: it would take the processors from what comes."""
CROWDED = 100_000
"""Vectors that are sealed in a rush, too: they are scanned in about 30 ms."""

log = logging.getLogger("daimon.memory")


class Hot(msgspec.Struct, frozen=True, kw_only=True):
    """What lies in the hot segment, of one engine."""

    engine: str
    dimensions: int
    vectors: int


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A segment with an index."""

    id: int
    engine: str
    dimensions: int
    vectors: int


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A segment that was built."""

    id: int


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the lock is ours."""

    held: bool


class Sealer:
    """Seals in the background, by one process at a time."""

    def __init__(self, store: Store, hot: int = HOT) -> None:
        self._store = store
        self._most = hot
        self._seen: dict[str, int] = {}
        """Vectors of each engine at the last look."""

    async def run(self) -> None:
        """Look again and again until cancelled; what fails is tried again."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self._seal(self._settled(await self._store.fetch(Hot, "hot")))
            except errors.Failure as failure:
                log.info("sealing waits: %s", failure, extra={"action": "memory.sealing_waits"})

    async def seal(self) -> int:
        """Seal what is ready, unless another process does; return how many segments were made."""
        return await self._seal(await self._store.fetch(Hot, "hot"))

    def _settled(self, found: Sequence[Hot]) -> list[Hot]:
        before, self._seen = self._seen, {hot.engine: hot.vectors for hot in found}
        return [hot for hot in found if hot.vectors - before.get(hot.engine, 0) <= RUSH or hot.vectors >= CROWDED]

    async def _seal(self, found: Sequence[Hot]) -> int:
        full = [hot for hot in found if hot.vectors >= self._most]
        if not full:
            return 0
        async with self._store.alone() as session:
            (lock,) = await session.fetch(Held, "try_lock", lock=LOCK)
            if not lock.held:
                return 0
            await session.run("drop_unfinished_segments")
            for hot in full:
                await _seal(session, hot, await session.fetch(Sealed, "sealed"))
            await session.run("clear_hot")
        return len(full)


async def _seal(session: Session, hot: Hot, sealed: Sequence[Sealed]) -> None:
    taken = absorbed(hot, sealed)
    total = hot.vectors + sum(segment.vectors for segment in taken)
    ids = [segment.id for segment in taken]
    kilobytes = min(max(total * BYTES // 1024, LEAST), MOST)
    (made,) = await session.fetch(
        Made, "build_segment", engine=hot.engine, size=hot.dimensions, absorbed=ids, kilobytes=kilobytes
    )
    await session.run("swap_segment", made=made.id, absorbed=ids)
    log.info("sealed %d vectors into segment %d", total, made.id, extra={"action": "memory.sealed"})


def absorbed(hot: Hot, sealed: Sequence[Sealed]) -> list[Sealed]:
    """Choose the older segments, newest first, that become one with what is sealed now."""
    taken: list[Sealed] = []
    total = hot.vectors
    for segment in (one for one in sealed if one.engine == hot.engine):
        if segment.vectors > ABSORBED * total:
            break
        taken.append(segment)
        total += segment.vectors
    return taken
