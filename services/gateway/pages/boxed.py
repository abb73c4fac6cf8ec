"""What is in a conversation's box, read for its page, and again while the page is open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from proto import boxes, events, jobs, ui
from proto.base import Caller, Nothing
from proto.errors import Failure, Missing
from proto.events import Event, Happening
from proto.printing import Boxed
from services.gateway.gate import Gate
from services.runtime.bus import Bus

PLACES = ("/home/box", "/data", "/return")
NOUNS = ("job.", "file.", "sandbox.", "document.")
"""What changes a box."""
SECONDS = 30.0
"""A box may have to be made first."""
SETTLE = 0.3
HEARTBEAT = 15.0

Write = Callable[[str], Awaitable[None]]


async def check(bus: Bus, caller: Caller) -> None:
    """Missing, unless something has happened in this conversation of the caller's."""
    if await bus.journal.last(events.in_conversation(caller.user, caller.conversation)) is None:
        raise Missing("There is no such box. A conversation has one from its first message on.")


async def content(bus: Bus, caller: Caller) -> Boxed:
    """The jobs and the files, or why they are not known."""
    try:
        box = await bus.call(boxes.DESCRIBE, Nothing(), caller=caller, timeout=SECONDS)
        listed = await bus.call(jobs.JOBS, jobs.ListJobs(), caller=caller, timeout=SECONDS)
        asked = [boxes.ListFiles(folder=place) for place in PLACES]
        calls = (bus.call(boxes.FILES, each, caller=caller, timeout=SECONDS) for each in asked)
        files = [file for each in await asyncio.gather(*calls) for file in each.files]
    except Failure as failure:
        return Boxed(conversation=caller.conversation, problem=failure.message)
    newest = tuple(reversed(listed.jobs))
    return Boxed(conversation=caller.conversation, jobs=newest, files=tuple(files), network=box.network)


async def follow(gate: Gate, caller: Caller, write: Write) -> None:
    """Write what is in the box each time that something changed it, until cancelled."""
    changed = asyncio.Event()

    def hear(event: Event, _: Happening | None) -> None:
        if event.conversation == caller.conversation and event.kind.startswith(NOUNS):
            changed.set()

    async with gate.audience.join(caller.user, hear) as seat, asyncio.TaskGroup() as group:
        group.create_task(_until(seat.ended))
        await _show(gate.bus, caller, write)
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT):
                    await changed.wait()
            except TimeoutError:
                await write("")
                continue
            await asyncio.sleep(SETTLE)
            changed.clear()
            await _show(gate.bus, caller, write)


async def _show(bus: Bus, caller: Caller, write: Write) -> None:
    changes = ui.Changes(changes=(ui.Online(), await content(bus, caller)))
    await write((await bus.call(ui.LIVE, changes)).html)


async def _until(ended: asyncio.Future[None]) -> None:
    await ended
