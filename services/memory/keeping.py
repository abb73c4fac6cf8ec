"""Keeping SQL and the vectors up to the log for as long as the service runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from services.memory.indexing import Indexer
from services.memory.projector import Projector
from services.memory.reader import Reader
from services.memory.relearning import Relearner
from services.memory.retention import Retention
from services.memory.sealing import Sealer
from services.memory.store import Store
from services.memory.warming import Warmer
from services.runtime.bus import Bus


async def keep_up(store: Store, bus: Bus, tried: Callable[[], None], retention: Retention, warmer: Warmer) -> None:
    """Project, embed, seal and read until cancelled; raises Refusal when the database is not one to write into."""
    indexer = Indexer(store, bus)
    projector = Projector(store, bus, written=indexer.wake)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(indexer.run())
            group.create_task(Sealer(store).run())
            group.create_task(Reader(store, bus, written=indexer.wake).run())
            group.create_task(projector.run(tried))
            group.create_task(Relearner(store).run())
            group.create_task(retention.run())
            group.create_task(warmer.run())
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
