"""The newest end of a timeline on a page that is open: what is heard at once, and after a moment what was missed."""

from __future__ import annotations

from collections import deque
from datetime import UTC

import msgspec

from proto import memory, ui
from proto.base import Caller
from proto.errors import Failure
from proto.events import Event
from proto.moments import zone_of
from proto.timeline import Sift
from services.gateway.pages.sifting import PAGE, asked
from services.runtime.bus import Bus

KEPT = 100
"""Events that were heard lately, which SQL may not have yet."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a timeline showed when its page was made."""

    sift: Sift
    zone: str
    """The reader's."""
    day: str
    """The newest day for which it has a list."""
    newest: str
    """The newest event."""


class Tail:
    """What one page shows of its timeline, as far as it changes."""

    def __init__(self, bus: Bus, caller: Caller, shown: Shown) -> None:
        self._bus = bus
        self._caller = caller
        self._sift = shown.sift
        self._zone = zone_of(shown.zone) or UTC
        self._day = shown.day
        self._newest = shown.newest
        self._heard: deque[Event] = deque(maxlen=KEPT)
        self._unshown: list[Event] = []

    def hear(self, event: Event) -> bool:
        """Keep an event that the page shows."""
        wanted = self._sift.takes(event)
        if wanted:
            self._heard.append(event)
            self._unshown.append(event)
        return wanted

    def taken(self) -> tuple[ui.Change, ...]:
        """What has been heard since the last time."""
        if not self._unshown:
            return ()
        events, self._unshown = tuple(self._unshown), []
        logged = ui.Logged(events=events, day=self._day)
        self._day = max(self._day, events[-1].time.astimezone(self._zone).date().isoformat())
        return (logged,)

    async def missed(self) -> tuple[ui.Change, ...]:
        """The newest page anew, if there is anything in it that the page does not show."""
        try:
            found = (await self._bus.call(memory.RECENT, asked(self._sift), caller=self._caller)).events
        except Failure:
            return ()
        heard = {event.id: event for event in self._heard}
        fresh = {event.id for event in found if event.id > self._newest}
        if fresh <= heard.keys():
            return ()
        whole = {event.id: event for event in found} | heard
        events = tuple(sorted(whole.values(), key=lambda event: event.id, reverse=True))
        older = found[-1].id if len(found) == PAGE else ""
        self._unshown, self._day = [], events[0].time.astimezone(self._zone).date().isoformat()
        return (ui.Relogged(events=events, sift=self._sift, older=older),)
