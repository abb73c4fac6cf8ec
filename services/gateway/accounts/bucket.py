"""Following a key-value bucket for ever: what is changed anywhere is known here at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from proto import events
from proto.errors import Unavailable
from services.runtime.bus import Bus, Interrupted, Kv

AGAIN = 0.2
"""Seconds until a bucket that could not be followed is tried again."""
_SIGNALS = events.of_noun("session")
"""Anything that is followed tells of an interruption; this is said rarely."""

Hear = Callable[[str, bytes | None], Awaitable[None]]
"""What is told of a key and its value; None is a removal."""


async def keep(bus: Bus, kv: Kv, hear: Hear) -> None:
    """Tell of every key, first of those that are there, then of each change; all anew after the bus was away."""
    while True:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_until_interrupted(bus))
                group.create_task(_watch(kv, hear))
        except* (Interrupted, Unavailable):
            await asyncio.sleep(AGAIN)


async def _until_interrupted(bus: Bus) -> None:
    async with bus.follow(_SIGNALS) as signals:
        async for _ in signals:
            pass


async def _watch(kv: Kv, hear: Hear) -> None:
    async for key, value in kv.watch():
        await hear(key, value)
