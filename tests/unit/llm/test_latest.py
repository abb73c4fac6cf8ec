"""Vectors of a moment ago: each text is embedded once, whoever asks and whoever gives up."""

from __future__ import annotations

import asyncio

import pytest

from proto.errors import Unavailable
from services.llm.vectors.latest import FEW, KEPT, Latest
from tests.fakes.embedder import Broken, WordCounts, counted


async def test_who_asks_at_the_same_time_or_later_shares_one_vector():
    engine = WordCounts()
    latest = Latest(engine)
    both = await asyncio.gather(latest.embed(["buy milk"]), latest.embed(["sell milk", "buy milk"]))
    again = await latest.embed(["buy milk"])
    assert engine.asked == ["buy milk", "sell milk"]
    assert both == [[counted("buy milk")], [counted("sell milk"), counted("buy milk")]]
    assert again == [counted("buy milk")]


async def test_whoever_gives_up_takes_the_vector_from_nobody_else():
    engine = WordCounts()
    latest = Latest(engine)
    first, second = (asyncio.create_task(latest.embed(["buy milk"])) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == [counted("buy milk")]
    assert engine.asked == ["buy milk"]


async def test_an_engine_that_failed_is_asked_again():
    latest = Latest(Broken())
    with pytest.raises(Unavailable):
        await latest.embed(["buy milk"])
    latest._engine = engine = WordCounts()
    assert await latest.embed(["buy milk"]) == [counted("buy milk")]
    assert engine.asked == ["buy milk"]


async def test_only_the_newest_of_few_are_kept():
    engine = WordCounts()
    latest = Latest(engine)
    many = [f"text {number}" for number in range(FEW + 1)]
    assert await latest.embed(many) == [counted(text) for text in many]
    for number in range(KEPT + 1):
        await latest.embed([f"text {number}"])
    engine.asked.clear()
    await latest.embed([f"text {KEPT}"])
    await latest.embed(["text 0"])
    assert engine.asked == ["text 0"]
