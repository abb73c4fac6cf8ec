"""How far memory's indexes have come, for `daimon status`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from daimon.connection import OWNER, connect
from proto import errors, events, memory
from proto.base import Nothing
from proto.memory import Progress

PATIENCE = 3.0
"""Seconds to wait for memory: whoever asks for the status wants it now."""


async def progress(home: Path) -> tuple[Progress | None, int]:
    """Ask memory, and say how many places of the log SQL lacks; None when it does not answer."""
    try:
        async with asyncio.timeout(PATIENCE), connect(home, OWNER) as connection:
            last = await connection.bus.journal.last(events.ALL)
            found = await connection.call(memory.PROGRESS, Nothing())
    except (errors.Failure, TimeoutError):
        return None, 0
    return found, max(0, (last.sequence if last else 0) - found.sequence)


def told(found: Progress | None, behind: int = 0) -> str:
    """Say it in a line."""
    if found is None:
        return "memory does not answer; its indexes are not known"
    waits = [f"{behind:,} more in the log that SQL does not have yet"] if behind else []
    if found.coming:
        waits.append(f"{found.waiting:,} wait for vectors by {found.coming}, {found.engine} still answers")
    elif found.waiting:
        waits.append(f"{found.waiting:,} wait for their vectors")
    if found.relearning:
        waits.append(f"{found.relearning:,} places are gone through for a language that was changed")
    return f"{found.events:,} events, {'; '.join(waits) or 'all of them indexed'}"
