"""Services in this process, on a real bus."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from services.runtime.bus import Bus

Serve = Callable[[Any, Bus, Callable[[], None]], Awaitable[None]]


@contextlib.asynccontextmanager
async def running(serve: Serve, settings: object, bus: Bus) -> AsyncIterator[asyncio.Task[None]]:
    """A service from ready until the context ends; then it is stopped as SIGTERM would."""
    ready = asyncio.Event()

    async def main() -> None:
        await serve(settings, bus, ready.set)

    task = asyncio.create_task(main())
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
