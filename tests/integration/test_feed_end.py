"""The end of a feed is read without the rest of it, on a real NATS."""

from __future__ import annotations

import asyncio

from proto.base import new_id
from proto.jobs import PRINTS, Printed
from services.runtime.bus.feed import WIDER, WINDOW

WITHIN = 60.0


async def test_the_end_of_a_feed_is_as_much_as_is_enough_or_all_of_it(open_bus, ada):
    writer, reader = await open_bus("sandbox"), await open_bus("gateway")
    one, other = new_id(), new_id()
    count = 2 * WINDOW * WIDER
    for number in range(count):
        await writer.feed(PRINTS).append(Printed(offset=number, text="x"), ada.user, "c", one)
        await writer.feed(PRINTS).append(Printed(offset=number, text="y"), ada.user, "c", other)
    feed = reader.feed(PRINTS)
    async with asyncio.timeout(WITHIN):
        # What is published to a feed waits for nothing; the last one of all is kept last.
        while len(await feed.read(ada.user, "c", other)) < count:
            pass
    looks: list[int] = []

    def enough(items):
        looks.append(len(items))
        return len(items) >= WINDOW

    found = await feed.end(enough, ada.user, "c", one)
    assert [item.offset for item in found] == list(range(count - len(found), count))
    assert WINDOW <= len(found) < count
    assert looks == [looks[0], len(found)]
    assert len(await feed.end(lambda _: False, ada.user, "c", one)) == count
    assert await feed.end(lambda _: False, ada.user, "c", new_id()) == []
