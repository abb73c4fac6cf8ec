"""What running actions print, on the cards of one page that is open: the last lines, soon, and never too much."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterable

from msgspec.structs import replace

from proto import jobs, ui
from proto.base import Caller
from proto.jobs import Item, Printed
from services.gateway.live.job_views import enough
from services.gateway.terminal.roll import Roll
from services.runtime.bus import Bus
from services.runtime.bus.live import Following

COLUMNS, ROWS = 160, 100
"""A card shows so much: sixteen kilobytes."""
TAIL = COLUMNS * ROWS
PULSE = 0.1
"""Seconds between two pieces of output."""

Print = tuple[tuple[str, ...], Item]


class Cards:
    """The output of the running actions of one page."""

    def __init__(self, bus: Bus, caller: Caller) -> None:
        self._prints = bus.feed(jobs.PRINTS)
        self._caller = caller
        self._rolls: dict[str, Roll] = {}
        self._came: dict[str, list[Item]] = {}

    async def collect(self, printed: Following[Print], came: asyncio.Event) -> None:
        """Keep what is printed for the next look; what comes close together goes together."""
        while True:
            for (_, _, job), item in (await printed.next(), *printed.waiting()):
                self._came.setdefault(job, []).append(item)
            came.set()
            await asyncio.sleep(PULSE)

    async def read(self, running: Iterable[ui.Used]) -> list[ui.Change]:
        """Read what the running actions have printed so far."""
        self._rolls = {}
        found: list[ui.Change] = []
        for used in running:
            job = jobs.job_of(used.tool.call)
            names = self._caller.user, self._caller.conversation, job
            if items := await self._prints.end(functools.partial(enough, tail=TAIL), *names):
                self._rolls[job] = self._roll()
                found.append(replace(used, printed=self._rolls[job].begin(items)))
        return found

    def taken(self, running: Iterable[ui.Used]) -> list[ui.Change]:
        """What was printed since the last look; raises Interrupted when something before it is missing."""
        came, self._came = self._came, {}
        places = {jobs.job_of(used.tool.call): used for used in running} if came else {}
        self._rolls = {job: roll for job, roll in self._rolls.items() if not came or job in places}
        return [self._printed(job, places[job], items) for job, items in came.items() if job in places]

    def dressed(self, change: ui.Change) -> ui.Change:
        """A card that is shown anew, with what its action has printed."""
        if not isinstance(change, ui.Used) or change.tool.ok is not None or change.printed:
            return change
        roll = self._rolls.get(jobs.job_of(change.tool.call))
        return replace(change, printed=roll.whole()) if roll else change

    def _printed(self, job: str, used: ui.Used, items: list[Item]) -> ui.Change:
        if job not in self._rolls:
            self._rolls[job] = self._roll()
            return replace(used, printed=self._rolls[job].begin(items))
        # Of a flood, whatever would have gone by before it could be read is left out.
        flood = sum(len(item.text) for item in items if isinstance(item, Printed)) > TAIL
        roll = self._rolls[job]
        return ui.Aired(turn=used.turn, number=used.number, printing=roll.begin(items) if flood else roll.go_on(items))

    def _roll(self) -> Roll:
        return Roll(columns=COLUMNS, rows=ROWS, tail=TAIL)
