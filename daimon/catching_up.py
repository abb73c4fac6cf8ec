"""Waiting until SQL has what the log has."""

from __future__ import annotations

import asyncio

from daimon.connection import Connection
from proto import errors, events, keeping
from proto.base import Nothing

PATIENCE = 60.0
"""Seconds without any progress after which we give up."""
PAUSE = 0.05


async def caught_up(connection: Connection) -> int:
    """Wait until SQL has everything that is in the log now; return the last place. Unavailable when it stands still."""
    newest = await connection.bus.journal.last(events.ALL)
    last, at = newest.sequence if newest else 0, -1
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    while (progress := await connection.call(keeping.POSITION, Nothing())).sequence < last:
        if progress.sequence > at:
            at, until = progress.sequence, loop.time() + PATIENCE
        if loop.time() > until:
            raise errors.Unavailable(f"SQL stands still at place {at} of {last}; `daimon logs memory` says why.")
        await asyncio.sleep(PAUSE)
    return last
