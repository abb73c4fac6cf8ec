"""One subscription to a user's events, however many of that user's pages are open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec

from proto import events
from proto.errors import Failure
from proto.events import Event, Happening
from proto.kinds import happening
from services.runtime.bus import Bus, Interrupted

Hear = Callable[[Event, Happening | None], None]


class Seat:
    """A page's place in the audience."""

    def __init__(self, hear: Hear) -> None:
        self.hear = hear
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Fails when events may have been missed."""


class Crowd:
    """All open pages of one user."""

    def __init__(self, bus: Bus, user: str) -> None:
        self.seats: set[Seat] = set()
        self.over = False
        """Whether it hears nothing any more; pages that come later need another."""
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._following = asyncio.create_task(self._follow(bus, user))

    def leave(self, seat: Seat) -> bool:
        """Give a seat back; True when it was the last."""
        self.seats.discard(seat)
        _dropped(seat.ended)
        if not self.seats:
            self._following.cancel()
            _dropped(self.begun)
        return not self.seats

    async def _follow(self, bus: Bus, user: str) -> None:
        try:
            async with bus.follow(events.of_user(user)) as happened:
                self.begun.set_result(None)
                async for event in happened:
                    self._tell(event)
        except (Interrupted, Failure) as error:
            self._end(error)

    def _tell(self, event: Event) -> None:
        try:
            found = happening(event)
        except msgspec.DecodeError:
            found = None
        for seat in tuple(self.seats):
            seat.hear(event, found)

    def _end(self, error: Exception) -> None:
        self.over = True
        for waiting in (self.begun, *(seat.ended for seat in self.seats)):
            if not waiting.done():
                waiting.set_exception(error)


class Audience:
    """The open pages of all users."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._crowds: dict[str, Crowd] = {}

    @asynccontextmanager
    async def join(self, user: str, hear: Hear) -> AsyncIterator[Seat]:
        """Hear a user's events from now on."""
        crowd = self._crowds.get(user)
        if crowd is None or crowd.over:
            crowd = self._crowds[user] = Crowd(self._bus, user)
        seat = Seat(hear)
        crowd.seats.add(seat)
        try:
            await asyncio.shield(crowd.begun)
            yield seat
        finally:
            if crowd.leave(seat) and self._crowds.get(user) is crowd:
                del self._crowds[user]


def _dropped(waiting: asyncio.Future[None]) -> None:
    """Nobody waits for this any more, whatever came of it."""
    if not waiting.cancel() and not waiting.cancelled():
        waiting.exception()
