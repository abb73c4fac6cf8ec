"""Waiting for what does not say by itself that it has come about."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

INTERVAL = 0.01
"""Seconds between two looks."""


async def until(holds: Callable[[], bool]) -> None:
    """Look again and again until it holds; the caller bounds the time."""
    while not holds():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(INTERVAL)


async def until_answered(asked: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again until the answer is yes; the caller bounds the time."""
    while not await asked():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(INTERVAL)
