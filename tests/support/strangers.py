"""Other programs on the bus, with a bare client and nothing of ours."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from nats import errors as nats_errors
from nats.aio.client import Client

from proto import llm, permissions
from proto.base import Nothing
from services.runtime.bus import Bus


@contextlib.asynccontextmanager
async def stranger(url: str) -> AsyncIterator[Client]:
    """Connect as another program does; the server may read of it only now."""
    name = url.partition("//")[2].partition(":")[0]
    client = Client()
    async with asyncio.timeout(10):
        while not client.is_connected:
            with contextlib.suppress(nats_errors.Error):
                await client.connect(url, inbox_prefix=permissions.inbox_prefix(name), max_reconnect_attempts=1)
    async with client:
        yield client


async def on_the_menu(bus: Bus, *names: str) -> llm.Menu:
    """Wait until actions stand in the menu: a program that is slow to say what it does is heard the next time."""
    async with asyncio.timeout(30):
        while True:
            menu = await bus.call(llm.MENU, Nothing())
            if {*names} <= {item.name for item in menu.actions}:
                return menu
