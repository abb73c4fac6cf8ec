"""Pages are read ahead of whoever writes them, one and no more."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from services.memory.pages import read_ahead


class Source:
    """Yields numbers and notes how far it was asked."""

    def __init__(self, upto: int) -> None:
        self.asked = 0
        self.closed = False
        self._upto = upto

    async def numbers(self):
        try:
            for number in range(1, self._upto + 1):
                self.asked = number
                yield number
        finally:
            self.closed = True


async def turns() -> None:
    """Let everything run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_one_more_is_read_while_the_caller_is_busy():
    source = Source(9)
    async with contextlib.aclosing(read_ahead(source.numbers())) as ahead:
        assert await anext(ahead) == 1
        await turns()
        assert source.asked == 2


async def test_everything_comes_in_order_to_the_end():
    assert [number async for number in read_ahead(Source(5).numbers())] == [1, 2, 3, 4, 5]


async def test_a_caller_who_leaves_ends_the_reading():
    source = Source(9)
    async with contextlib.aclosing(read_ahead(source.numbers())) as ahead:
        await anext(ahead)
    assert source.closed
    assert source.asked <= 2


async def test_what_fails_in_reading_comes_when_its_turn_comes():
    async def failing():
        yield 1
        raise OSError

    ahead = read_ahead(failing())
    assert await anext(ahead) == 1
    with pytest.raises(OSError):
        await anext(ahead)
