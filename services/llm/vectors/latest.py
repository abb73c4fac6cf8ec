"""Vectors of what was embedded a moment ago: memory and the choice of actions ask for the same question at once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol, TypeAlias

FEW = 8
"""Texts that may be of a question; what comes in larger numbers comes once."""
KEPT = 64

Vectors: TypeAlias = Sequence[Sequence[float]]


class Engine(Protocol):
    """What turns texts into vectors of length 1."""

    def embed(self, texts: Sequence[str]) -> Coroutine[Any, Any, Vectors]:
        """Embed texts, in order. Raises Failure."""
        ...


class Latest:
    """An engine that makes the vector of a question once, however many ask for it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._made: dict[str, tuple[asyncio.Task[Vectors], int]] = {}
        """The making that a text is part of, and its place there."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts, in order. Raises Failure."""
        if len(texts) > FEW:
            return await self._engine.embed(texts)
        if new := [text for text in dict.fromkeys(texts) if text not in self._made]:
            making = asyncio.create_task(self._engine.embed(new))
            making.add_done_callback(self._drop)
            self._made.update((text, (making, place)) for place, text in enumerate(new))
        # Whoever asked first may give up; others wait for the same.
        return [(await asyncio.shield(making))[place] for making, place in [self._made[text] for text in texts]]

    def _drop(self, ended: asyncio.Task[Vectors]) -> None:
        """Keep the newest, and nothing that failed."""
        failed = ended.cancelled() or ended.exception() is not None
        kept = [(text, made) for text, made in self._made.items() if not (failed and made[0] is ended)]
        self._made = dict(kept[-KEPT:])
