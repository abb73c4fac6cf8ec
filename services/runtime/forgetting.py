"""Heeding that something was forgotten: whoever keeps what the log says in memory drops it, and reads it again."""

from __future__ import annotations

from collections.abc import Callable

from proto import events, forgetting
from services.runtime.bus import Bus, Interrupted

FORGOT = events.of_kind(forgetting.Forgot.kind)


async def heed(bus: Bus, drop: Callable[[], None]) -> None:
    """Call `drop` whenever something was forgotten, until cancelled; also when that may have been missed."""
    while True:
        try:
            async with bus.follow(FORGOT) as live:
                drop()
                async for _ in live:
                    drop()
        except Interrupted:
            continue
