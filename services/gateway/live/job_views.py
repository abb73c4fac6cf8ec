"""A job or a terminal on its page: what it printed so far, and what it prints while the page is open."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable

from proto import jobs, ui
from proto.base import Caller
from proto.errors import Missing
from proto.jobs import Began, Item, Job, Printed
from proto.printing import Painted, Printing
from services.gateway.terminal import painting, printouts
from services.gateway.terminal.painting import Painting
from services.gateway.terminal.printouts import Printout
from services.runtime.bus import Bus

HEARTBEAT = 15.0
PAUSE = 0.25
"""Seconds between two pictures at most."""

Write = Callable[[str], Awaitable[None]]


async def find(bus: Bus, caller: Caller, job: str) -> Job:
    """A job of the caller's conversation."""
    for found in (await bus.call(jobs.JOBS, jobs.ListJobs(), caller=caller)).jobs:
        if found.id == job:
            return found
    raise Missing("There is no such job in this box, or it is not yours.")


async def shown(bus: Bus, caller: Caller, job: Job) -> tuple[Printing | None, Painted | None, bool]:
    """What a job printed so far or the screen of a terminal, and whether there was more than is shown."""
    items = await _end(bus, caller, job)
    if job.kind == "terminal":
        return None, await Painting(job).begin(items), False
    printout = Printout(job)
    return await printout.begin(items), None, printout.cut


async def follow(bus: Bus, caller: Caller, job: str, write: Write) -> None:
    """Write what a job prints until cancelled: first all of it, then as it comes, together what came together."""
    async with bus.feed(jobs.PRINTS).follow(caller.user, caller.conversation, job) as live:
        found = await find(bus, caller, job)
        view = Painting(found) if found.kind == "terminal" else Printout(found)
        await _show(bus, write, ui.Online(), await view.begin(await _end(bus, caller, found)))
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT):
                    first = await live.next()
            except TimeoutError:
                await write("")
                continue
            began = time.perf_counter()
            came = [item for _, item in (first, *live.waiting())]
            await _show(bus, write, await view.go_on(came))
            # What comes meanwhile is shown together: a page that takes long to show leaves time for the others.
            await asyncio.sleep(min(time.perf_counter() - began, PAUSE))


async def _end(bus: Bus, caller: Caller, job: Job) -> list[Item]:
    tail = painting.TAIL if job.kind == "terminal" else printouts.TAIL
    feed = bus.feed(jobs.PRINTS)
    return await feed.end(functools.partial(enough, tail=tail), caller.user, caller.conversation, job.id)


def enough(items: list[Item], *, tail: int) -> bool:
    """Whether these items, the last of a job, are all that a page shows."""
    if any(isinstance(item, Began) for item in items):
        return True
    printed = [item for item in items if isinstance(item, Printed)]
    return bool(printed) and printed[-1].offset + len(printed[-1].text) - printed[0].offset >= tail


async def _show(bus: Bus, write: Write, *changes: ui.Change) -> None:
    await write((await bus.call(ui.LIVE, ui.Changes(changes=changes))).html)
