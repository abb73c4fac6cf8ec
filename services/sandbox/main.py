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
from services.sandbox.backends import choose
from services.sandbox.boxes import Boxes
from services.sandbox.exchange import Exchange
from services.sandbox.handlers import Handlers
from services.sandbox.settings import SandboxSettings, plan


def main() -> None:
    """Run the service."""
    run("sandbox", SandboxSettings, serve)


def at(home: str) -> Path:
    """Where the boxes lie, whatever folder the service runs in."""
    return Path(home).absolute()


def tell(backend: str, problem: str | None) -> None:
    """Say in the log what holds the boxes, or why nothing does."""
    log = logging.getLogger("daimon.sandbox")
    if problem:
        log.warning(problem, extra={"action": "sandbox.off"})
    else:
        log.info("boxes are held by %s", backend, extra={"action": "sandbox.on", "backend": backend})


async def serve(settings: SandboxSettings, bus: Bus, ready: Ready) -> None:
    """Keep boxes and run commands in them until stopped."""
    backend = await choose(settings.backend, at(settings.home), plan(settings))
    tell(backend.name, await backend.check() if backend.name == "none" else None)
    async with Boxes(backend.home, backend, idle=settings.idle, most=settings.most) as boxes:
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
