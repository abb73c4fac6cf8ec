"""The end of the event log: what comes after a place in it, exactly and in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from proto import errors, events
from proto.events import Event, Recorded
from services.runtime.bus import Bus, Interrupted
from services.runtime.bus.live import Following

SILENCE = 2.0
"""Seconds without a live event after which the log is read all the same."""
SOON = 0.02
"""Seconds until an event that was heard is looked for in the log again: it is heard before it is on the disk."""
LOOKS = 10
"""An event that is not in the log by then was refused there."""


async def tail(bus: Bus, user: str, after: int) -> AsyncGenerator[Recorded, None]:
    """Yield a user's events after a place in the log, then those to come, until closed.

    The log is read; live events only say when, because the broker also delivers what the log refuses.
    """
    subject = events.of_user(user)
    async with bus.follow(subject) as live:
        found = await bus.journal.read(subject, after=after)
        while True:
            for recorded in found:
                after = recorded.sequence
                yield recorded
            heard = await _heard(live) - _ids(found)
            found = await _look(bus, subject, after, heard)


async def _heard(live: Following[Event]) -> set[str]:
    """Wait for events; empty after a silence or when some may be missing."""
    try:
        async with asyncio.timeout(SILENCE):
            first = await live.next()
    except (TimeoutError, Interrupted):
        return set()
    return {event.id for event in (first, *live.waiting())}


async def _look(bus: Bus, subject: str, after: int, heard: set[str]) -> list[Recorded]:
    found: list[Recorded] = []
    for _ in range(LOOKS):
        try:
            found = await bus.journal.read(subject, after=after)
        except errors.Unavailable:
            return []
        if heard <= _ids(found):
            break
        await asyncio.sleep(SOON)
    return found


def _ids(found: list[Recorded]) -> set[str]:
    return {recorded.event.id for recorded in found}
