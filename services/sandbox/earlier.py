"""What files of boxes held before a change: kept in the files' bucket, so that the change can be taken back."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator

import msgspec

from services.runtime.bus import Objects
from services.sandbox.inside import Folder

LIMIT = 4_000_000
"""Bytes of a file that are kept; a change of a larger one cannot be taken back."""


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """What a change left."""

    size: int
    kept: str | None
    """Under which SHA-256 the content before is kept; empty where there was no file, None where it is not kept."""
    made: str
    """The SHA-256 of what it holds now."""


class Earlier:
    """Keeps contents, and puts them back."""

    def __init__(self, files: Objects) -> None:
        self._files = files

    def digest(self, folder: Folder, path: str) -> str:
        """The SHA-256 of what a file holds now; empty where there is none."""
        content = _content(folder, path)
        return "" if content is None else hashlib.sha256(content).hexdigest()

    async def keep(self, folder: Folder, path: str, owner: str) -> str | None:
        """Keep what a file holds now; empty where there is none, None where that is too much."""
        content = _content(folder, path)
        if content is None:
            return ""
        if len(content) > LIMIT:
            return None
        return (await self._files.put(owner, _pieces(content), limit=LIMIT)).sha256

    async def put_back(self, folder: Folder, path: str, sha256: str, owner: str) -> int:
        """Let a file hold what was kept, or be gone where there was none; return its size."""
        if not sha256:
            folder.remove(path)
            return 0
        content = b"".join([chunk async for chunk in self._files.read(owner, sha256)])
        folder.replace(path, content)
        return len(content)


def _content(folder: Folder, path: str) -> bytes | None:
    try:
        return folder.content(path, LIMIT + 1)
    except FileNotFoundError:
        return None


async def _pieces(content: bytes) -> AsyncGenerator[bytes, None]:
    yield content
