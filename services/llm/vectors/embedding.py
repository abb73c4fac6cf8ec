"""Embeddings by the engine that is asked for: MiniLM in this process, or a model of the Ollama server."""

from __future__ import annotations

import asyncio
import math
import sys
from array import array
from collections.abc import AsyncGenerator, Iterator, Sequence

from proto import errors, llm
from services.llm.engines import Engines
from services.llm.models.model import ModelError
from services.llm.reflex.phrasebook import Embedder
from services.llm.vectors.minilm import MiniLM

OLLAMA = "ollama:"
"""Before the name of one of its models."""
PORTION, LONG = 4, 300
"""Texts that nobody waits for which are embedded together, and their characters, unless one alone has more: an answer
that begins in that time is short of a core for some 50 ms, and for 350 beside four long texts."""
PATIENCE = 1.0
"""Seconds that they let answers go first at most."""
REST = 9
"""How many times as long as a portion took the next one lets answers go first: they leave a tenth of the time to it."""


class Embedding:
    """The engines, of which one is used where none is named."""

    def __init__(self, minilm: Embedder, engines: Engines, chosen: str) -> None:
        self._minilm = minilm
        self._engines = engines
        self.chosen = chosen
        """What makes vectors where no engine is named."""

    async def embed(self, request: llm.Embed) -> llm.Embeddings:
        """Turn texts into vectors of length 1; Unavailable when the engine cannot be used now."""
        engine = request.engine or self.chosen
        made: list[Sequence[float]] = []
        async for texts in self._in_portions(request):
            made += await self._vectors(texts, engine)
        vectors = array("f")
        for vector in made:
            vectors.extend(vector)
        if sys.byteorder == "big":
            vectors.byteswap()
        return llm.Embeddings(engine=engine, dimensions=len(made[0]), vectors=vectors.tobytes())

    async def _in_portions(self, request: llm.Embed) -> AsyncGenerator[tuple[str, ...], None]:
        """Yield the texts; those that nobody waits for a few at a time, and answers between them."""
        if not request.patient:
            yield request.texts
            return
        loop, patience = asyncio.get_running_loop(), PATIENCE
        for texts in portions(request.texts):
            await self._engines.calm.come(patience)
            began = loop.time()
            yield texts
            patience = min(PATIENCE, REST * (loop.time() - began))

    async def _vectors(self, texts: Sequence[str], engine: str) -> list[Sequence[float]]:
        if engine == MiniLM.name:
            return list(await self._minilm.embed(texts))
        if not engine.startswith(OLLAMA):
            raise errors.Invalid(f"There is no embedding engine '{engine}': say {MiniLM.name}, or {OLLAMA}NAME.")
        try:
            made = await self._engines.ollama().embed(texts, engine.removeprefix(OLLAMA))
        except ModelError as error:
            raise errors.Unavailable(error.message) from error
        return [unit(vector) for vector in made]


def portions(texts: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Part texts, in order, into what is embedded together: a few short ones, or a long one."""
    portion: list[str] = []
    for text in texts:
        if portion and (len(portion) == PORTION or len(text) + sum(map(len, portion)) > LONG):
            yield tuple(portion)
            portion = []
        portion.append(text)
    if portion:
        yield tuple(portion)


def unit(vector: Sequence[float]) -> Sequence[float]:
    """Bring a vector to length 1."""
    length = math.hypot(*vector) or 1.0
    return [number / length for number in vector]
