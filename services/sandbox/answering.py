"""Answering calls about boxes, and listening to what others do that concerns one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from proto import events
from services.runtime.bus import Bus, Interrupted
from services.sandbox.box import Backend
from services.sandbox.box_handlers import BoxHandlers
from services.sandbox.boxes import Boxes
from services.sandbox.file_handlers import FileHandlers
from services.sandbox.handlers import Handlers
from services.sandbox.job_handlers import JobHandlers
from services.sandbox.jobs import Jobs
from services.sandbox.opening import Opening
from services.sandbox.routes import table
from services.sandbox.settings import SandboxSettings, reach


async def answer(bus: Bus, settings: SandboxSettings, boxes: Boxes, backend: Backend, under_way: Jobs) -> Handlers:
    """Answer every call about boxes from now on."""
    exchange = under_way.exchange
    opening = Opening(boxes, exchange, reach(settings))
    handlers = Handlers(bus.journal, opening, exchange, under_way, grace=settings.grace)
    routes = table(
        handlers,
        JobHandlers(bus, opening, under_way),
        FileHandlers(bus, opening, limit=settings.file, shared=backend.shared),
        BoxHandlers(bus.journal, boxes, backend, opening, under_way),
    )
    await bus.serve("sandbox", routes, description="A Linux box for each conversation")
    return handlers


async def heed(bus: Bus, kind: str, heard: Callable[[str, str], None]) -> None:
    """Pass on the user and the conversation of each event of a kind, for ever."""
    while True:
        with contextlib.suppress(Interrupted):
            async with bus.follow(events.of_kind(kind)) as live:
                async for event in live:
                    heard(event.user, event.conversation)
