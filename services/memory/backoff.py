"""How long to wait before the next try."""

from __future__ import annotations

FIRST = 0.1
LONGEST = 2.0


class Backoff:
    """Seconds to wait, doubled from try to try up to a bound."""

    def __init__(self, first: float = FIRST, longest: float = LONGEST) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def next(self) -> float:
        """Return the wait before the next try."""
        wait, self._next = self._next, min(self._next * 2, self._longest)
        return wait

    def reset(self) -> None:
        """Begin anew after a success."""
        self._next = self._first
