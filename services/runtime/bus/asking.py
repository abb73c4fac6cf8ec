"""One request and its reply, with a cancellation that is heeded."""

from __future__ import annotations

import asyncio

from nats.aio.client import Client
from nats.aio.msg import Msg

from services.runtime.bus.wire import Headers, checked


async def ask(client: Client, subject: str, payload: bytes, timeout: float, headers: Headers | None = None) -> Msg:
    """Send a request and wait for its reply; raises nats' errors.

    On Python 3.11 `asyncio.wait_for`, which nats-py waits with, drops a cancellation that arrives together with the
    reply; a service would then not hear that it was told to stop.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task is not None else 0
    reply = await client.request(checked(subject), payload, timeout=timeout, headers=headers)
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError
    return reply
