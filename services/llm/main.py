"""The llm service's process."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path

from proto import actions
from services.llm.answering import Answering
from services.llm.catalogue import Catalogue
from services.llm.engines import Engines
from services.llm.handlers import Handlers
from services.llm.minilm import MiniLM
from services.llm.quotes import recall
from services.llm.reflex import Reflex
from services.llm.revising import Revising
from services.llm.routes import routes
from services.llm.seeing import Seeing
from services.llm.settings import LlmSettings
from services.llm.threads import Threads
from services.llm.titling import Titling
from services.llm.tools import Tools
from services.llm.worker import Worker
from services.runtime.bus import Bus
from services.runtime.forgetting import heed
from services.runtime.run import Ready, run


def main() -> None:
    """Run the service."""
    run("llm", LlmSettings, serve)


async def serve(settings: LlmSettings, bus: Bus, ready: Ready) -> None:
    """Write turns and serve the model's side until stopped."""
    minilm = MiniLM(Path(settings.models_dir))
    tools = Tools(bus, Catalogue(), minilm)
    engines = Engines(settings, Reflex(minilm), functools.partial(recall, bus))
    threads = Threads(bus.journal)
    worker = Worker(bus, threads, Answering(bus, threads, tools, engines, settings), settings.turns)
    titling = Titling(bus, threads, engines, settings.num_ctx)
    handlers = Handlers(worker, tools, engines, minilm, settings.when_busy)
    await asyncio.gather(tools.learn(), engines.look())
    await bus.serve(
        "llm",
        {**routes(handlers, Revising(threads), Seeing(bus, threads), titling), actions.SEARCH: tools.offering.search},
        description="Turns, embeddings and the menu of actions",
    )
    ready()
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(worker.run())
            group.create_task(titling.run())
            group.create_task(tools.keep_learning())
            group.create_task(engines.keep_looking())
            group.create_task(heed(bus, threads.forget))
    finally:
        await asyncio.gather(engines.aclose(), minilm.aclose())


if __name__ == "__main__":
    main()
