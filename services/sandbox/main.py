"""The sandbox service's process."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

from proto import chat, events, sandbox
from services.runtime.bus import Bus, Interrupted
from services.runtime.run import Ready, run
from services.sandbox.boxes import Boxes
from services.sandbox.bubblewrap import Bubblewrap, Plan
from services.sandbox.handlers import Handlers
from services.sandbox.limits import Limits
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
        handlers = Handlers(bus.journal, boxes)
        await bus.serve("sandbox", {sandbox.RUN: handlers.run}, description="A Linux box for each conversation")
        ready()
        await heed(bus, handlers)


async def heed(bus: Bus, handlers: Handlers) -> None:
    """Stop the commands of answers that are stopped, for ever."""
    while True:
        with contextlib.suppress(Interrupted):
            async with bus.follow(events.of_kind(chat.Halted.kind)) as halted:
                async for event in halted:
                    handlers.stop(event.user, event.conversation)


if __name__ == "__main__":
    main()
