"""What a page waits for only a moment: it is shown with a place for it, and that place asks again by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from services.gateway.visit import Visit

MOMENT = 0.02
"""Seconds that nobody notices."""

A = TypeVar("A")


async def soon(visit: Visit, answer: Awaitable[A]) -> A | None:
    """Wait a moment, or as long as it takes where the address says `whole`; None where the page goes on without it."""
    if visit.query("whole"):
        return await answer
    try:
        async with asyncio.timeout(MOMENT):
            return await answer
    except TimeoutError:
        return None
