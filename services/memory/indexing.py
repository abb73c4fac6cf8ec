"""The embedding queue: every text that has no vector yet gets one, equal texts once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import msgspec

from proto import errors, llm
from services.memory.backoff import Backoff
from services.memory.store import Session, Store, Unstorable
from services.memory.vectors import halfvecs
from services.runtime.bus import Bus

BATCH = 64
"""Texts in one call: large enough for the engine, small enough that a search need not wait long behind it."""
CHARACTERS = 2000
"""How much of a text is embedded; the default engine reads no further."""
GATHER = 0.3
"""Seconds in which what happens together is embedded together."""
TIMEOUT = 60.0
LONGEST = 15.0

log = logging.getLogger("daimon.memory")


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A text that wants a vector."""

    text_hash: bytes
    text: str
    made: bool
    """The vector came in between; only the place in the queue is left."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the engine is another one than until now."""

    changes: bool


class Indexer:
    """Empties the queue whenever it is woken."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self._store = store
        self._bus = bus
        self._woken = asyncio.Event()
        self._failing = False

    def wake(self) -> None:
        """Say that there may be new texts."""
        self._woken.set()

    async def run(self) -> None:
        """Embed until cancelled; what fails stays in the queue."""
        backoff = Backoff(longest=LONGEST)
        while True:
            await self._woken.wait()
            await asyncio.sleep(GATHER)
            self._woken.clear()
            try:
                while texts := await self._store.fetch(Waiting, "next_texts", limit=BATCH, characters=CHARACTERS):
                    await self._empty(texts)
                    self._noted(None)
                    backoff.reset()
            except errors.Failure as failure:
                self._noted(failure)
                await asyncio.sleep(backoff.next())
                self.wake()

    async def _empty(self, texts: Sequence[Waiting]) -> None:
        await self._store.run("no_longer_waiting", text_hash=[text.text_hash for text in texts if text.made])
        unmade = [text for text in texts if not text.made]
        if unmade:
            await self._embed(unmade)

    async def _embed(self, texts: Sequence[Waiting]) -> None:
        try:
            await self._save(texts, await self._vectors(texts))
        except (errors.Invalid, errors.TooLarge, Unstorable) as failure:
            await self._embed_singly(texts, failure)

    async def _embed_singly(self, texts: Sequence[Waiting], failure: errors.Failure) -> None:
        """Find the text that the engine refuses and give it up; words still find it."""
        if len(texts) > 1:
            for text in texts:
                await self._embed([text])
            return
        log.warning("a text gets no vector: %s", failure, extra={"action": "memory.not_embedded"})
        await self._store.run("no_longer_waiting", text_hash=[texts[0].text_hash])

    async def _vectors(self, texts: Sequence[Waiting]) -> llm.Embeddings:
        request = llm.Embed(texts=tuple(text.text for text in texts), patient=True)
        return await self._bus.call(llm.EMBED, request, timeout=TIMEOUT)

    async def _save(self, texts: Sequence[Waiting], made: llm.Embeddings) -> None:
        hashes = [text.text_hash for text in texts]
        vectors = halfvecs(made)
        async with self._store.session() as session, session.transaction():
            await self._use(session, made.engine)
            await session.run("save_vectors", engine=made.engine, text_hash=hashes, vector=vectors)
            await session.run("no_longer_waiting", text_hash=hashes)
            if await session.run("serve_coming_engine"):
                await session.run("retire_engines")
                log.info("%s makes all vectors now", made.engine, extra={"action": "memory.engine_changed"})

    async def _use(self, session: Session, engine: str) -> None:
        """Let what has no vector of another engine wait; only then, as the projector waits for a changed progress."""
        (change,) = await session.fetch(Change, "changes_engine", engine=engine)
        if change.changes:
            await session.run("take_time")
            await session.run("await_other_vectors", engine=engine)
            await session.run("await_other_vectors_of_passages", engine=engine)
        await session.run("use_engine", engine=engine)

    def _noted(self, failure: errors.Failure | None) -> None:
        if failure and not self._failing:
            log.warning("vectors must wait: %s", failure, extra={"action": "memory.embedding_waits"})
        if self._failing and not failure:
            log.info("vectors are made again", extra={"action": "memory.embedding_again"})
        self._failing = failure is not None
