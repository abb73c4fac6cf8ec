"""The time of a turn: it is limited, and stands still while a person is asked."""

from __future__ import annotations

import asyncio

import pytest

from proto import errors
from services.llm.turns.stopwatch import Stopwatch


async def test_what_takes_too_long_is_ended():
    with pytest.raises(errors.TimedOut, match=r"longer than 0\.01 seconds"):
        async with Stopwatch().limited(0.01):
            await asyncio.get_running_loop().create_future()


async def test_the_time_that_a_person_takes_does_not_count():
    watch = Stopwatch()
    async with watch.limited(0.5):
        with watch.still(), watch.still():
            await _pass(0.7)
            taken = watch.seconds
        assert watch.seconds - taken < 0.5
    assert watch.seconds < 0.7


async def test_after_the_wait_the_rest_of_the_time_is_left():
    with pytest.raises(errors.TimedOut):
        await _wait_for_a_person_and_go_on(Stopwatch())


async def test_a_timeout_of_what_is_done_stays_one():
    with pytest.raises(TimeoutError):
        async with Stopwatch().limited(60):
            raise TimeoutError


async def _wait_for_a_person_and_go_on(watch: Stopwatch) -> None:
    async with watch.limited(0.05):
        with watch.still():
            await _pass(0.1)
        await asyncio.get_running_loop().create_future()


async def _pass(seconds: float) -> None:
    waiting = asyncio.get_running_loop().create_future()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(waiting, seconds)
