"""What a page waits for only a moment, and what it waits for to the end."""

from __future__ import annotations

import asyncio

from services.gateway.pages import patience
from services.gateway.pages.patience import soon
from services.gateway.visit import Visit


class Asked:
    """As much of a request as matters here."""

    def __init__(self, **query: str) -> None:
        self.query_params = query


async def late(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "here"


async def test_what_is_there_at_once_is_shown_at_once() -> None:
    assert await soon(Visit(None, Asked()), late(0)) == "here"


async def test_what_takes_long_is_not_waited_for() -> None:
    assert await soon(Visit(None, Asked()), late(600)) is None


async def test_what_is_asked_for_by_itself_is_waited_for() -> None:
    assert await soon(Visit(None, Asked(whole="1")), late(patience.MOMENT * 2)) == "here"
