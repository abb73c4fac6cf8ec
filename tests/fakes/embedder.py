"""An embedding engine that knows nothing of meaning: texts are near when they share words."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from proto.errors import Unavailable

DIMENSIONS = 256


class WordCounts:
    """Deterministic vectors of length 1; `asked` has every text seen."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.asked += texts
        return [counted(text) for text in texts]


class Broken:
    """An engine that cannot be had."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        raise Unavailable("The embedding model could not be written.")


def counted(text: str) -> list[float]:
    """Count words into buckets."""
    counts = [0.0] * DIMENSIONS
    for word in text.lower().split():
        counts[zlib.crc32(word.encode()) % DIMENSIONS] += 1.0
    length = sum(count * count for count in counts) ** 0.5 or 1.0
    return [count / length for count in counts]
