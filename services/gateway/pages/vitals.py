"""How everything that runs fares: who answers, what they are asked, what waits; kept for the last minutes."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from proto import events, ui_mind
from proto.errors import Failure
from proto.roles import ROLES
from services.gateway.programs import queues
from services.runtime.bus import Bus, Interrupted
from services.runtime.bus.discovery import ServiceStats

EVERY = 5.0
KEPT = 60
"""Looks that are kept: five minutes."""
BUSIEST = 5
"""Subjects of a service that are named."""
EXPECTED = tuple(name for name, role in ROLES.items() if role.serves)


class Count(NamedTuple):
    """What an endpoint of one process has done since it started."""

    requests: int
    errors: int
    nanoseconds: int


Counts = dict[tuple[str, str, str], Count]
"""By service, process and subject."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What one look found, and what had happened since the one before."""

    at: float
    rates: Mapping[str, float] = {}
    """Requests a second, by service."""
    waits: Mapping[str, float] = {}
    """Seconds a request took, by service; only where there were any."""
    events: float = 0.0
    """A second."""
    depths: Mapping[str, int] = {}


class Vitals:
    """Looks every few seconds."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._looks: deque[Look] = deque(maxlen=KEPT)
        self._found: list[ServiceStats] = []
        self._counts: Counts = {}
        self._subjects: Counter[tuple[str, str]] = Counter()
        """Requests since the look before, by service and subject."""
        self._sequence = 0

    async def keep(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look()
            except (Failure, Interrupted):
                self._found = []
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Ask everybody once."""
        found, depths, last = await asyncio.gather(
            self._bus.stats(), queues.depths(self._bus), self._bus.journal.last(events.ALL)
        )
        now, sequence = time.monotonic(), last.sequence if last else 0
        passed = now - self._looks[-1].at if self._looks else 0.0
        counts = _counts(found)
        grown = _grown(counts, self._counts) if passed else {}
        happened = (sequence - self._sequence) / passed if passed else 0.0
        self._looks.append(_look(now, passed, grown, depths, happened))
        self._subjects = Counter()
        for (service, _, subject), count in grown.items():
            self._subjects[service, subject] += count.requests
        self._found, self._counts, self._sequence = found, counts, sequence

    def view(self) -> ui_mind.Vitals:
        """Everything, as a page shows it."""
        names = [*EXPECTED, *sorted({each.name for each in self._found} - set(EXPECTED))]
        looks = tuple(self._looks)
        queues = sorted({name for look in looks for name in look.depths})
        return ui_mind.Vitals(
            services=tuple(self._service(name) for name in names),
            queues=tuple(
                ui_mind.Queue(name=name, depths=tuple(look.depths.get(name, 0) for look in looks)) for name in queues
            ),
            events=tuple(round(look.events, 2) for look in looks),
            seconds=round(looks[-1].at - looks[0].at) if looks else 0,
        )

    def _service(self, name: str) -> ui_mind.Service:
        mine = [each for each in self._found if each.name == name]
        last = self._looks[-1].at - self._looks[-2].at if len(self._looks) > 1 else 0.0
        endpoints = _endpoints(
            mine, {subject: n for (service, subject), n in self._subjects.items() if service == name}, last
        )
        return ui_mind.Service(
            name=name,
            instances=len(mine),
            versions=tuple(sorted({each.version for each in mine})),
            rates=tuple(round(look.rates.get(name, 0.0), 2) for look in self._looks),
            waits=tuple(round(look.waits[name], 5) for look in self._looks if name in look.waits),
            requests=sum(each.requests for each in endpoints),
            errors=sum(each.errors for each in endpoints),
            endpoints=endpoints[:BUSIEST],
            others=max(0, len(endpoints) - BUSIEST),
            ours=name in EXPECTED,
        )


def _counts(found: Iterable[ServiceStats]) -> Counts:
    return {
        (service.name, service.id, endpoint.subject): Count(
            endpoint.num_requests, endpoint.num_errors, endpoint.processing_time
        )
        for service in found
        for endpoint in service.endpoints or ()
    }


def _grown(now: Counts, before: Counts) -> Counts:
    """What came to each count; a process that is new has done all of its own."""
    none = Count(0, 0, 0)
    pairs = ((key, count, before.get(key, none)) for key, count in now.items())
    return {
        key: Count(*(max(0, new - old) for new, old in zip(count, known, strict=True))) for key, count, known in pairs
    }


def _look(now: float, passed: float, grown: Counts, depths: Mapping[str, int], happened: float) -> Look:
    requests: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    for (service, _, _), count in grown.items():
        requests[service] += count.requests
        spent[service] += count.nanoseconds
    rates = {name: number / passed for name, number in requests.items()}
    waits = {name: spent[name] / number / 1e9 for name, number in requests.items() if number}
    return Look(at=now, rates=rates, waits=waits, events=happened, depths=depths)


def _endpoints(mine: Iterable[ServiceStats], recent: Mapping[str, int], passed: float) -> tuple[ui_mind.Endpoint, ...]:
    """The endpoints of a service over all its processes, the busiest first."""
    total: dict[str, Count] = {}
    for (_, _, subject), count in _counts(mine).items():
        total[subject] = Count(*map(sum, zip(total.get(subject, Count(0, 0, 0)), count, strict=True)))
    lines = (
        ui_mind.Endpoint(
            subject=subject,
            requests=count.requests,
            errors=count.errors,
            wait=count.nanoseconds / count.requests / 1e9 if count.requests else 0.0,
            rate=round(recent.get(subject, 0) / passed, 2) if passed else 0.0,
        )
        for subject, count in total.items()
    )
    return tuple(sorted(lines, key=lambda each: (-each.requests, each.subject)))
