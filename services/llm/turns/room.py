"""How many turns a process writes at once; one that waits for a person lends its place to another."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Room:
    """Places for turns."""

    def __init__(self, places: int) -> None:
        self._places = asyncio.Semaphore(places)
        self._lent: Counter[str] = Counter()
        """How much of each turn waits; a turn has one place, however many of its calls wait."""
        self._owed = 0
        """Places that were lent and taken back before they were given back."""

    @property
    def full(self) -> bool:
        """Whether whoever enters must wait."""
        return self._places.locked()

    async def enter(self) -> None:
        """Take a place, when there is one."""
        await self._places.acquire()

    def leave(self) -> None:
        """Give a place back."""
        if self._owed:
            self._owed -= 1
        else:
            self._places.release()

    @contextmanager
    def lent(self, turn: str) -> Iterator[None]:
        """Lend a turn's place; it has it back at once afterwards, and whoever leaves next leaves no place."""
        self._lent[turn] += 1
        if self._lent[turn] == 1:
            self._places.release()
        try:
            yield
        finally:
            self._lent[turn] -= 1
            if not self._lent[turn]:
                del self._lent[turn]
                self._owed += 1
