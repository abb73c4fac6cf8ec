"""The sandbox service's process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

from proto import chat, documents, events, sandbox
from services.runtime.bus import Bus, Interrupted
from services.runtime.bus.serving import Routes
from services.runtime.run import Ready, run
from services.sandbox.boxes import Boxes
from services.sandbox.bubblewrap import Bubblewrap
from services.sandbox.exchange import Exchange
from services.sandbox.handlers import Handlers
from services.sandbox.limits import Limits
from services.sandbox.plan import Plan
from services.sandbox.reach import Reach
from services.sandbox.settings import SandboxSettings


def main() -> None:
    """Run the service."""
    run("sandbox", SandboxSettings, serve)


def at(home: str) -> Path:
    """Where the boxes lie, whatever folder the service runs in."""
    return Path(home).absolute()


async def serve(settings: SandboxSettings, bus: Bus, ready: Ready) -> None:
    """Keep boxes and run commands in them until stopped."""
    home = at(settings.home)
    plan = Plan(reach=Reach(mode=settings.network), limits=Limits(memory=settings.memory, output=settings.output))
    backend = Bubblewrap(home, plan)
    problem = await backend.check()
    if problem:
        logging.getLogger("daimon.sandbox").warning(problem, extra={"action": "sandbox.off"})
    async with Boxes(home, backend, idle=settings.idle, most=settings.most) as boxes:
        handlers = Handlers(bus.journal, boxes, Exchange(bus, limit=settings.file))
        routes: Routes = {sandbox.RUN: handlers.run, sandbox.RECEIVE: handlers.receive}
        await bus.serve("sandbox", routes, description="A Linux box for each conversation")
        ready()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(heed(bus, chat.Halted.kind, handlers.stop))
            tasks.create_task(heed(bus, documents.DocumentUploaded.kind, handlers.uploaded))


async def heed(bus: Bus, kind: str, heard: Callable[[str, str], None]) -> None:
    """Pass on the user and the conversation of each event of a kind, for ever."""
    while True:
        with contextlib.suppress(Interrupted):
            async with bus.follow(events.of_kind(kind)) as live:
                async for event in live:
                    heard(event.user, event.conversation)


if __name__ == "__main__":
    main()
