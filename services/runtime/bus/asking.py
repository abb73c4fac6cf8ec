"""One request and its reply, with a cancellation that is heeded."""

from __future__ import annotations

import asyncio

from nats.aio.client import Client
from nats.aio.msg import Msg

from services.runtime.bus.wire import Headers


async def ask(client: Client, subject: str, payload: bytes, timeout: float, headers: Headers | None = None) -> Msg:
    """Send a request and wait for its reply; raises nats' errors.

    On Python 3.11 `asyncio.wait_for`, which nats-py waits with, drops a cancellation that arrives together with the
    reply; a service would then not hear that it was told to stop.
    """
    reply = await client.request(subject, payload, timeout=timeout, headers=headers)
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    return reply
