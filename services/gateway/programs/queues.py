"""How much waits: for each consumer of the log, and for vectors."""

from __future__ import annotations

from proto import memory
from proto.base import Nothing
from proto.errors import Failure
from proto.streams import CONSUMERS
from services.runtime.bus import Bus


async def depths(bus: Bus) -> dict[str, int]:
    """How many events wait in each queue; one that cannot be asked is left out."""
    found: dict[str, int] = {}
    for consumer in CONSUMERS:
        try:
            found[consumer.durable_name] = await bus.waiting(consumer)
        except Failure:
            continue
    try:
        found["vectors"] = (await bus.call(memory.PROGRESS, Nothing(), timeout=1.0)).waiting
    except Failure:
        return found
    return found
