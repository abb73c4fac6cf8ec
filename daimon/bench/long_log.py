"""A long log for a bench: written before any service runs, as the llm service would have written it over the years.

So nobody takes up a turn that was answered long ago, and memory meets the log as it does after an outage: all at once.
The texts are few and repeat, so that their vectors are made in seconds; only the search page could tell the difference.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import aclosing

from daimon.up.credentials import password_file, users
from daimon.up.home import Home, open_home
from daimon.up.nats import embedded_nats
from daimon.up.streams import prepare
from proto import chat, titles
from proto.base import Caller
from proto.events import Event, happened
from proto.streams import TITLES, TURNS, Consumer
from services.runtime.bus import Bus
from services.runtime.settings import BusSettings

USER = "owner"
LONG = "long"
LONG_EXCHANGES = 2500
"""Of the one conversation of 5,000 messages."""
TOGETHER = 1000
TEXTS = tuple(f"what is to be done about the {thing} of house {number}" for number in range(20) for thing in (
    "roof", "garden", "kitchen", "heating", "windows", "cellar", "door", "floor", "stairs", "paint"))  # fmt: skip


async def written(home: Home, events: int, conversations: int) -> int:
    """Write a log of about so many events into a home where nothing runs; returns how many there are."""
    open_home(home.path)
    async with embedded_nats(home.nats, users(home)) as nats:
        await prepare(home, nats.url)
        settings = BusSettings(url=nats.url, user="llm", password_file=str(password_file(home, "llm")))
        async with Bus.open(settings, "bench") as bus:
            counts = await _fill(bus, _story(events, conversations))
            await _pass_over(bus, TURNS, counts[chat.Asked.kind])
            await _pass_over(bus, TITLES, counts[chat.Answered.kind])
    return counts.total()


async def _fill(bus: Bus, story: Iterator[Event]) -> Counter[str]:
    """Append in order, many at once, which becomes one batch of the log; returns how many there are of a kind."""
    counts = Counter[str]()
    while batch := list(itertools.islice(story, TOGETHER)):
        await asyncio.gather(*map(bus.journal.append, batch))
        counts.update(event.kind for event in batch)
    return counts


async def _pass_over(bus: Bus, consumer: Consumer, count: int) -> None:
    """Take so many events from a consumer and say that they are done."""
    async with aclosing(bus.work(consumer.durable_name).batches(TOGETHER)) as batches:
        while count > 0:
            batch = await anext(batches)
            await asyncio.gather(*(delivery.ack() for delivery in batch.deliveries))
            count -= sum(delivery.attempt == 1 for delivery in batch.deliveries)


def _story(events: int, conversations: int) -> Iterator[Event]:
    """The long conversation, then as many events as were asked for, spread over the others."""
    yield from _talk(LONG, LONG_EXCHANGES)
    each = max(1, (events - 2 * LONG_EXCHANGES) // (2 * conversations))
    for number in range(conversations - 1):
        yield from _talk(f"talk-{number}", each)


def _talk(name: str, exchanges: int) -> Iterator[Event]:
    caller, parent = Caller(user=USER, conversation=name), ""
    for number in range(exchanges):
        text = TEXTS[(number * 7 + len(name)) % len(TEXTS)]
        asked = happened(chat.Asked(text=text, parent=parent), caller)
        parent = asked.id
        yield asked
        if not number:
            yield happened(titles.Titled(title=f"Look into {text[11:]}"), caller)
        yield happened(
            chat.Answered(turn=parent, text=f"First look at it.\n\n- {text}\n- then **call** somebody"), caller
        )
