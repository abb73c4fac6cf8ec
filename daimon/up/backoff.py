"""How long to wait before a child that has ended is started again."""

from __future__ import annotations

FIRST = 0.2
LONGEST = 10.0
HEALTHY = 30.0
"""Seconds of service after which earlier failures are forgotten."""


class Backoff:
    """Doubles from FIRST to LONGEST, and begins anew after a child has been healthy."""

    def __init__(self) -> None:
        self._next = FIRST

    def after(self, healthy: float) -> float:
        """Return the seconds to wait after a life that was ready for `healthy` seconds."""
        if healthy >= HEALTHY:
            self._next = FIRST
        delay, self._next = self._next, min(self._next * 2, LONGEST)
        return delay
