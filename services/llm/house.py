"""How the parts of the llm service are put together."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path

from proto import actions
from services.llm.choices.assigning import Assigning
from services.llm.choices.choices import Chosen
from services.llm.choices.deciding import Deciding
from services.llm.conversations.importing import Importing
from services.llm.conversations.marking import Marking
from services.llm.conversations.revising import Revising
from services.llm.conversations.seeing import Seeing
from services.llm.conversations.threads import Threads
from services.llm.conversations.titling import Titling
from services.llm.conversations.tuning import Tuning
from services.llm.engines import Engines
from services.llm.handlers import Handlers
from services.llm.menu.approving import Approving
from services.llm.menu.catalogue import Catalogue
from services.llm.menu.gate import Gate
from services.llm.menu.ledgers import Ledgers
from services.llm.menu.tools import Tools
from services.llm.menu.trying import Trying
from services.llm.pulling import Pulling
from services.llm.reflex.quotes import recall
from services.llm.reflex.reflex import Reflex
from services.llm.routes import routes
from services.llm.settings import LlmSettings
from services.llm.turns.answering import Answering
from services.llm.turns.room import Room
from services.llm.turns.waking import Waking
from services.llm.turns.worker import Worker
from services.llm.vectors.embedding import Embedding
from services.llm.vectors.latest import Latest
from services.llm.vectors.minilm import MiniLM
from services.llm.vectors.reembedding import Reembedding
from services.runtime.bus import Bus, Routes
from services.runtime.forgetting import heed


class House:
    """Everything that runs in this process."""

    def __init__(self, settings: LlmSettings, bus: Bus) -> None:
        self._minilm = minilm = MiniLM(Path(settings.models_dir))
        catalogue, ledgers, room = Catalogue(), Ledgers(bus.journal), Room(settings.turns)
        gate = Gate(bus, ledgers, catalogue, room, settings.approval_timeout)
        latest = Latest(minilm)
        self._tools = tools = Tools(bus, catalogue, gate, latest)
        self._engines = engines = Engines(settings, Reflex(latest), functools.partial(recall, bus), Chosen(bus))
        threads = Threads(bus.journal)
        self._worker = worker = Worker(bus, threads, Answering(bus, threads, tools, engines, settings), room)
        self._waking = Waking(bus, threads, engines, settings.wakes)
        self._titling = Titling(bus, threads, engines, settings.num_ctx)
        self._bus = bus
        self._caches = (threads, ledgers, engines.chosen)
        embedding = Embedding(latest, engines, settings.embedding)
        self._reembedding = Reembedding(bus, embedding)
        handlers = Handlers(worker, tools, engines, embedding, settings.when_busy)
        self.routes: Routes = {
            **routes(handlers, Revising(threads), Seeing(bus, threads), self._titling),
            actions.SEARCH: tools.offering.search,
            **Deciding(engines.chosen, bus.journal).routes(),
            **Pulling(bus, engines).routes(),
            **Assigning(engines).routes(),
            **Tuning(threads, engines).routes(),
            **Trying(tools).routes(),
            **Marking(bus.journal, threads).routes(),
            **Importing(bus).routes(),
            **self._reembedding.routes(),
            **Approving(ledgers, threads, catalogue).routes(),
        }

    async def look(self) -> None:
        """Find out what there is to work with."""
        await asyncio.gather(self._tools.learn(), self._engines.look(), self._reembedding.learn())

    async def run(self) -> None:
        """Write turns and follow what comes and goes, until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._worker.run())
                group.create_task(self._titling.run())
                group.create_task(self._waking.run())
                group.create_task(self._tools.keep_learning())
                group.create_task(self._engines.keep_looking())
                group.create_task(self._engines.chosen.run())
                group.create_task(self._reembedding.run())
                group.create_task(heed(self._bus, self._forget))
        finally:
            await asyncio.gather(self._engines.aclose(), self._minilm.aclose())

    def _forget(self) -> None:
        """Drop what is kept of the log, because something of it is gone."""
        for cache in self._caches:
            cache.forget()
