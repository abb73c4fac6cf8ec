"""Whether answers are being written in this process: what nobody waits for lets them go first."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

PAUSE = 0.4
"""Seconds after an answer in which the next one is likely."""


class Calm:
    """Counts the answers that are being written."""

    def __init__(self) -> None:
        self._writing = 0
        self._over = asyncio.Event()
        self._until = 0.0
        """When it will be calm, if nothing more comes."""

    @contextmanager
    def disturbed(self) -> Iterator[None]:
        """Write an answer for as long as the context lasts."""
        self._writing += 1
        self._over.clear()
        try:
            yield
        finally:
            self._writing -= 1
            if not self._writing:
                self._until = asyncio.get_running_loop().time() + PAUSE
                self._over.set()

    async def come(self, patience: float) -> None:
        """Wait until it is calm, but not longer than so many seconds."""
        loop = asyncio.get_running_loop()
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while self._writing or loop.time() < self._until:
                    await self._over.wait()
                    await asyncio.sleep(self._until - loop.time())
