"""Listening to what others do that concerns a box."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from proto import events
from services.runtime.bus import Bus, Interrupted


async def heed(bus: Bus, kind: str, heard: Callable[[str, str], None]) -> None:
    """Pass on the user and the conversation of each event of a kind, for ever."""
    while True:
        with contextlib.suppress(Interrupted):
            async with bus.follow(events.of_kind(kind)) as live:
                async for event in live:
                    heard(event.user, event.conversation)
