"""Retention: kinds of events that are kept for some days only."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress

from msgspec.structs import replace

from proto import errors, events, retention
from proto.base import Caller, Nothing
from proto.events import happened
from proto.kinds import KINDS, happening
from services.memory.forgetting import Forgetter
from services.runtime.bus import Routes
from services.runtime.bus.journal import Journal
from services.runtime.settings import SettingsError

EVERY = 3600.0
AGAIN = 60.0
"""Seconds until the next try after a failure."""

log = logging.getLogger("daimon.memory")


class Retention:
    """Forgets what is older than its kind is kept, every hour and when somebody chose anew."""

    def __init__(self, forgetter: Forgetter, journal: Journal, setting: str) -> None:
        self._forgetter = forgetter
        self._journal = journal
        self._days = parse(setting)
        self._chosen = asyncio.Event()

    def routes(self) -> Routes:
        """The calls with what answers them. The broker lets nobody but a person's own clients ask."""
        return {retention.LIST: self.list, retention.RETAIN: self.retain}

    async def list(self, _: Nothing, caller: Caller) -> retention.Retention:
        """Say how long each kind is kept."""
        chosen = (await self._chosen_by(caller.user)).get(caller.user, {})
        return retention.Retention(
            kinds=tuple(
                retention.KeptKind(kind=kind, days=chosen.get(kind, 0), limit=self._days.get(kind, 0))
                for kind in retention.KINDS_TO_CHOOSE
            )
        )

    async def retain(self, request: retention.Retain, caller: Caller) -> retention.Retention:
        """Choose how long a kind is kept; what is older goes at once."""
        if request.kind not in retention.KINDS_TO_CHOOSE:
            kinds = ", ".join(retention.KINDS_TO_CHOOSE)
            raise errors.Invalid(f"How long can be chosen for {kinds}; everything else is kept until it is forgotten.")
        caller = replace(caller, conversation="", cause="")
        what = retention.Retained(what=request.kind, days=request.days)
        await self._journal.append(happened(what, caller))
        self._chosen.set()
        return await self.list(Nothing(), caller)

    async def run(self) -> None:
        """Do so until cancelled; a failure is logged, and tried again soon."""
        while True:
            self._chosen.clear()
            wait = AGAIN if await self._failed() else EVERY
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._chosen.wait()

    async def _failed(self) -> bool:
        """Forget what is too old; tell whether something of it must be tried again."""
        try:
            chosen = await self._chosen_by()
        except errors.Failure:
            return True
        every = [(kind, days, "") for kind, days in self._days.items()]
        own = [(kind, days, user) for user, kinds in chosen.items() for kind, days in kinds.items() if days]
        return any([await self._forget(*each) for each in (*every, *own)])

    async def _forget(self, kind: str, days: int, user: str) -> bool:
        try:
            count = await self._forgetter.forget_old(kind, days, user)
        except errors.Failure as failure:
            log.warning("old %s stay: %s", kind, failure, extra={"action": "memory.retention_waits"})
            return True
        log.info("forgot %d old %s", count, kind, extra={"action": "memory.retained"})
        return False

    async def _chosen_by(self, user: str = "") -> dict[str, dict[str, int]]:
        """What users chose, by user and kind."""
        chosen: dict[str, dict[str, int]] = defaultdict(dict)
        for recorded in await self._journal.read(events.of_kind(retention.Retained.kind, user)):
            what = happening(recorded.event)
            if isinstance(what, retention.Retained):
                chosen[recorded.event.user][what.what] = what.days
        return chosen


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
