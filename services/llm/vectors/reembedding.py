"""Which engine makes vectors where none is named: what an owner chose last, or what the settings say."""

from __future__ import annotations

from proto import embedding, errors, events
from proto.base import Caller
from proto.embedding import EmbedBy, EngineChosen
from proto.events import happened
from proto.kinds import happening
from proto.llm import Embed
from services.llm.vectors.embedding import Embedding
from services.runtime.bus import Bus, Interrupted, Routes

_CHOSEN = events.of_kind(EngineChosen.kind)
PROBE = "Does this engine make vectors?"


class Reembedding:
    """Keeps the engines to what the log says. Memory hears of another one by the next vector that it is given."""

    def __init__(self, bus: Bus, engines: Embedding) -> None:
        self._bus = bus
        self._engines = engines
        self._configured = engines.chosen

    def routes(self) -> Routes:
        """The calls with what answers them."""
        return {embedding.EMBED_BY: self.use}

    async def use(self, request: EmbedBy, caller: Caller) -> EmbedBy:
        """Choose an engine that answers now; Invalid and Unavailable say why one does not."""
        await self.learn()
        before = self._engines.chosen
        if request.engine == before:
            return request
        await self._engines.embed(Embed(texts=(PROBE,), engine=request.engine))
        event = happened(EngineChosen(engine=request.engine, before=before), caller)
        await self._bus.journal.append(event)
        self._engines.chosen = request.engine
        return request

    async def learn(self) -> None:
        """Look what was chosen last."""
        last = await self._bus.journal.last(_CHOSEN)
        what = happening(last.event) if last else None
        self._engines.chosen = what.engine if isinstance(what, EngineChosen) else self._configured

    async def run(self) -> None:
        """Hear of choices wherever they are made, until cancelled."""
        while True:
            try:
                async with self._bus.follow(_CHOSEN) as live:
                    await self.learn()
                    async for _ in live:
                        await self.learn()
            except (Interrupted, errors.Unavailable):
                continue
