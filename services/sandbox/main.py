"""The sandbox service's process."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from proto import chat, documents
from services.runtime.bus import Bus
from services.runtime.run import Ready, run
from services.sandbox.answering import answer, heed
from services.sandbox.backends import choose
from services.sandbox.boxes import Boxes
from services.sandbox.exchange import Exchange
from services.sandbox.jobs import Jobs
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
        exchange = Exchange(bus, limit=settings.file, disk=settings.limits.disk, shared=backend.shared)
        async with Jobs(bus, exchange, backend.home, idle=settings.idle) as under_way, asyncio.TaskGroup() as tasks:
            await under_way.declare_lost()
            handlers = await answer(bus, settings, boxes, backend, under_way)
            ready()
            tasks.create_task(heed(bus, chat.Halted.kind, handlers.stop))
            tasks.create_task(heed(bus, documents.DocumentUploaded.kind, handlers.uploaded))


if __name__ == "__main__":
    main()
