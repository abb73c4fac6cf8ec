"""The memory service's process."""

from __future__ import annotations

from proto import documents, forgetting, keeping, memory
from services.memory.forgetting import Forgetter
from services.memory.handlers import Handlers
from services.memory.insight import Insight
from services.memory.keeping import keep_up
from services.memory.library import Library
from services.memory.own import Own
from services.memory.rebuilding import Rebuilder
from services.memory.retention import Retention
from services.memory.settings import MemorySettings
from services.memory.store import Store
from services.memory.timeline import Timeline
from services.memory.uploads import Uploads
from services.memory.views import Explainer
from services.runtime.bus import Bus
from services.runtime.run import Ready, run


def main() -> None:
    """Run the service."""
    run("memory", MemorySettings, serve)


async def serve(settings: MemorySettings, bus: Bus, ready: Ready) -> None:
    """Answer calls and keep SQL up to the log until stopped."""
    async with Store.open(settings) as store:
        handlers = Handlers(store, bus, questions=settings.questions)
        forgetter = Forgetter(store, bus)
        retention = Retention(forgetter, bus.journal, settings.keep)
        await bus.serve(
            "memory",
            {
                memory.SEARCH: handlers.search,
                memory.REMEMBER: handlers.remember,
                memory.REMIND: handlers.remind,
                memory.SQL: handlers.sql,
                memory.EXPLAIN: Explainer(store).explain,
                **Timeline(store).routes(),
                memory.CONVERSATIONS: handlers.conversations,
                memory.PROGRESS: handlers.progress,
                documents.ADD: Uploads(bus).add,
                forgetting.FORGET: forgetter.forget,
                forgetting.PAUSE: forgetter.pause,
                forgetting.RESUME: forgetter.resume,
                **Library(store, bus).routes(),
                **Own(store).routes(),
                **Insight(store).routes(),
                **retention.routes(),
                keeping.POSITION: handlers.position,
                keeping.VERIFY: handlers.verify,
                keeping.SEAL: handlers.seal,
                keeping.REBUILD: Rebuilder(store, bus.journal).rebuild,
            },
            description="Search and SQL over everything that happened",
        )
        await keep_up(store, bus, ready, retention, handlers.warmer)


if __name__ == "__main__":
    main()
