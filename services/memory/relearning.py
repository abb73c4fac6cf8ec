"""Going through what a user has written when they change their language, so that its words are found in the new one."""

from __future__ import annotations

import asyncio
import logging

import msgspec

from proto import errors
from services.memory.store import Store

BATCH = 500
"""Events that are gone through in one transaction; the projector waits no longer than for these."""
EVERY = 2.0
"""Seconds between two looks."""

log = logging.getLogger("daimon.memory")


class Unlearned(msgspec.Struct, frozen=True, kw_only=True):
    """Whose events are to be gone through, and from which place in the log on down."""

    user: str
    upto: int


class Relearner:
    """Goes through them in the background, the newest first."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def run(self) -> None:
        """Look for changed languages until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                while await self.step():
                    pass
            except errors.Failure as failure:
                log.warning("a changed language waits: %s", failure, extra={"action": "memory.relearning_waits"})

    async def step(self) -> bool:
        """Go through the next events of one user; say whether there were any."""
        async with self._store.session() as session, session.transaction():
            for one in await session.fetch(Unlearned, "to_relearn"):
                await session.run("relearn_events", user=one.user, upto=one.upto, limit=BATCH)
                (left,) = await session.fetch(Unlearned, "unlearned", user=one.user)
                if not left.upto:
                    await session.run("relearn_passages", user=one.user)
                return True
        return False
