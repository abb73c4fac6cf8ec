"""How long a turn takes, and when that is too long; while a person is asked the watch stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from proto import errors

TOO_LONG = "This took longer than {0:g} seconds, so it was ended. Ask for a part of it."


class Stopwatch:
    """The time of one turn."""

    def __init__(self) -> None:
        self._now = asyncio.get_running_loop().time
        self._began = self._now()
        self._stopped = 0.0
        """When it was stopped, while it is."""
        self._asked = 0
        """How many calls wait for a person now."""
        self._limit: asyncio.Timeout | None = None
        self._left = 0.0

    @property
    def seconds(self) -> float:
        """How long it took so far."""
        return (self._stopped if self._asked else self._now()) - self._began

    @asynccontextmanager
    async def limited(self, seconds: float) -> AsyncIterator[None]:
        """Raise TimedOut after so many seconds."""
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                self._limit = limit
                yield
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise errors.TimedOut(TOO_LONG.format(seconds)) from error
        finally:
            self._limit = None

    @contextmanager
    def still(self) -> Iterator[None]:
        """Let the time that a person takes count for nothing, however many calls wait for it."""
        self._asked += 1
        if self._asked == 1:
            self._stop()
        try:
            yield
        finally:
            self._asked -= 1
            if not self._asked:
                self._go_on()

    def _stop(self) -> None:
        self._stopped = self._now()
        if self._limit is not None:
            self._left = (self._limit.when() or self._stopped) - self._stopped
            self._limit.reschedule(None)

    def _go_on(self) -> None:
        self._began += self._now() - self._stopped
        if self._limit is not None:
            self._limit.reschedule(self._now() + self._left)
