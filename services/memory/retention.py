"""Retention: kinds of events that are kept for some days only."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from proto import errors
from proto.kinds import KINDS
from services.memory.forgetting import Forgetter
from services.runtime.settings import SettingsError

EVERY = 3600.0
AGAIN = 60.0
"""Seconds until the next try after a failure."""

log = logging.getLogger("daimon.memory")


class Retention:
    """Forgets what is older than its kind is kept, every hour."""

    def __init__(self, forgetter: Forgetter, setting: str) -> None:
        self._forgetter = forgetter
        self._days = parse(setting)

    async def run(self) -> None:
        """Do so until cancelled; a failure is logged, and tried again soon."""
        while True:
            wait = EVERY
            for kind, days in self._days.items():
                try:
                    count = await self._forgetter.forget_old(kind, days)
                except errors.Failure as failure:
                    wait = AGAIN
                    log.warning("old %s stay: %s", kind, failure, extra={"action": "memory.retention_waits"})
                else:
                    log.info("forgot %d old %s", count, kind, extra={"action": "memory.retained"})
            await asyncio.sleep(wait)


def parse(setting: str) -> Mapping[str, int]:
    """Read `KIND=DAYS KIND=DAYS`; SettingsError says what is wrong with it."""
    found = {}
    for pair in setting.replace(",", " ").split():
        kind, _, days = pair.partition("=")
        if kind not in KINDS:
            raise SettingsError(f"memory.keep: there is no kind of event {kind!r}; docs/events.md lists them.")
        if not days.isdecimal() or int(days) < 1:
            raise SettingsError(f"memory.keep: {pair!r} must be a kind and a number of days, such as page.visited=30.")
        found[kind] = int(days)
    return found
