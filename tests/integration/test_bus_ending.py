"""A process that is told to stop while it comes to the bus stops."""

from __future__ import annotations

import asyncio

from services.runtime.bus import Bus

TURNS = 600
"""Turns of the loop in which a connection is there: each is tried as the one in which the end is called for."""


async def after(turns: int) -> None:
    """Let the loop turn so often; one that is always busy turns as often as it can."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def test_an_end_is_heard_in_every_moment_of_coming_to_the_bus(nats_server) -> None:
    async def stay() -> None:
        async with Bus.open(nats_server.settings("llm"), "llm"):
            await asyncio.Event().wait()

    for turns in range(TURNS):
        staying = asyncio.create_task(stay())
        await after(turns)
        staying.cancel()
        done, _ = await asyncio.wait([staying], timeout=5)
        assert done, f"cancelled after {turns} turns of the loop, it stayed"
