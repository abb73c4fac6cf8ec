"""The files that pages refer to, fetched from the ui service once and served from memory."""

from __future__ import annotations

import asyncio
import gzip
import time

import msgspec

from proto import ui
from proto.base import Nothing
from proto.errors import Missing
from services.runtime.bus import Bus

PATIENCE = 2.0
"""Seconds before the ui service is asked again for a file it did not have."""


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """A file, as it goes out."""

    media_type: str
    content: bytes
    gzipped: bytes


class AssetShelf:
    """Files by their name; a name holds a hash of the content, so a file never changes."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._files: dict[str, Served] = {}
        self._asked = 0.0
        self._asking = asyncio.Lock()

    async def get(self, name: str) -> Served:
        """A file; one that is new since the last look is fetched now."""
        if name not in self._files:
            await self._fetch(name)
        try:
            return self._files[name]
        except KeyError:
            raise Missing from None

    async def named(self, stem: str, suffix: str) -> Served:
        """A file by its name without the hash, as it is now."""
        found = await self._bus.call(ui.ASSETS, Nothing())
        name = next(
            (one.name for one in found.assets if one.name.startswith(f"{stem}.") and one.name.endswith(suffix)), ""
        )
        return await self.get(name)

    @property
    def stylesheet(self) -> str:
        """The name of every page's stylesheet, empty as long as no page was asked for."""
        return next((name for name in reversed(self._files) if name.startswith("app.") and name.endswith(".css")), "")

    async def _fetch(self, name: str) -> None:
        async with self._asking:
            if name in self._files or time.monotonic() - self._asked < PATIENCE:
                return
            found = await self._bus.call(ui.ASSETS, Nothing())
            self._asked = time.monotonic()
            for asset in found.assets:
                self._files[asset.name] = Served(
                    media_type=asset.media_type, content=asset.content, gzipped=gzip.compress(asset.content, mtime=0)
                )
