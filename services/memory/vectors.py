"""Vectors as Postgres takes them, and the vector of a query by the engine whose vectors are served."""

from __future__ import annotations

import array
import sys
from typing import Protocol

import msgspec
from pgvector import HalfVector

from proto import llm
from services.runtime.bus import Bus

EMBED_TIMEOUT = 1.0


class QueryVector(msgspec.Struct, frozen=True, kw_only=True):
    """What a query means."""

    engine: str
    dimensions: int
    vector: str


class Embedder(Protocol):
    """Whoever makes the vector of a query."""

    async def query(self, text: str, engine: str) -> QueryVector:
        """Return a text's vector by the engine that serves; raises Failure."""


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """The engine whose vectors are searched; empty before the first."""

    engine: str


class BusEmbedder:
    """Asks the llm service."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def query(self, text: str, engine: str) -> QueryVector:
        """Embed by the engine that serves, which may not be the one that is being changed to."""
        request = llm.Embed(texts=(text,), engine=engine)
        made = await self._bus.call(llm.EMBED, request, timeout=EMBED_TIMEOUT)
        (vector,) = halfvecs(made)
        return QueryVector(engine=made.engine, dimensions=made.dimensions, vector=vector)


def halfvecs(made: llm.Embeddings) -> list[str]:
    """Read vectors from the wire as Postgres writes them."""
    numbers = array.array("f", made.vectors)
    if sys.byteorder == "big":
        numbers.byteswap()
    size = made.dimensions
    return [HalfVector(numbers[start : start + size].tolist()).to_text() for start in range(0, len(numbers), size)]
