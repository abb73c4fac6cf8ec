"""The ghost's process."""

from __future__ import annotations

import asyncio

from proto import suggestions
from services.ghost.handlers import Handlers
from services.ghost.people import People
from services.ghost.settings import GhostSettings
from services.ghost.watching import watch
from services.runtime.bus import Bus, Routes
from services.runtime.forgetting import heed
from services.runtime.run import Ready, run


def main() -> None:
    """Run the service."""
    run("ghost", GhostSettings, serve)


async def serve(settings: GhostSettings, bus: Bus, ready: Ready) -> None:
    """Watch and offer until stopped."""
    people = People(bus.journal, most=settings.people, recent=settings.recent)
    handlers = Handlers(bus, people)
    routes: Routes = {
        suggestions.LIST: handlers.list,
        suggestions.ACCEPT: handlers.accept,
        suggestions.DISMISS: handlers.dismiss,
        suggestions.SWITCH: handlers.switch,
    }
    await bus.serve("ghost", routes, description="What comes next, learnt and offered")
    async with asyncio.TaskGroup() as group:
        group.create_task(watch(bus, people))
        group.create_task(heed(bus, people.forget))
        ready()


if __name__ == "__main__":
    main()
