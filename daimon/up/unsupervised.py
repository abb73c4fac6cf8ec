"""Running one part of the stack by itself, for as long as a context lasts."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from daimon.up import child as children
from daimon.up.child import Launch
from daimon.up.errors import ChildFailed, only_failure
from daimon.up.supervision import READY_WITHIN, Part


@asynccontextmanager
async def running(part: Part) -> AsyncIterator[None]:
    """Start it, wait until it is ready, and end it with the context; raises UpError."""
    launch = await part.launch()
    child = await children.spawn(launch)
    try:
        await _until_ready(part, child, launch)
        yield
    finally:
        await children.stop(child, launch)


async def _until_ready(part: Part, child: Process, launch: Launch) -> None:
    with only_failure():
        async with asyncio.TaskGroup() as group:
            ready = group.create_task(part.until_ready())
            ended = group.create_task(child.wait())
            await asyncio.wait({ready, ended}, timeout=READY_WITHIN, return_when=asyncio.FIRST_COMPLETED)
            ended.cancel()
            ready.cancel()
    if ready.cancelled():
        raise ChildFailed(f"{part.name} did not get ready: {children.last_words(launch.log)}; see {launch.log}.")
