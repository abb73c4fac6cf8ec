"""The sandbox service's process."""

from __future__ import annotations

import logging
from pathlib import Path

from proto import sandbox
from services.runtime.bus import Bus
from services.runtime.run import Ready, forever, run
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
        await forever()


if __name__ == "__main__":
    main()
