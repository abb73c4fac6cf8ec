"""What a command prints, put into its feed: in order, from the beginning, and no more than anybody needs."""

from __future__ import annotations

import asyncio

from proto.jobs import Began, Item, Kind, Over, Printed, Resized
from services.sandbox.airing import Airing


class Feed:
    """A feed on paper."""

    def __init__(self) -> None:
        self.items: list[Item] = []

    async def append(self, item: Item) -> None:
        await asyncio.sleep(0)
        self.items.append(item)


def airing(feed: Feed, kind: Kind = "terminal") -> Airing:
    return Airing(feed.append, "make", kind, lambda: None)


async def test_of_sizes_that_follow_each_other_only_the_last_is_told():
    feed = Feed()
    async with asyncio.TaskGroup() as group:
        aired = airing(feed)
        aired.begin(group)
        for rows in range(1, 1000):
            aired.resize(rows, 80)
        aired.take("out", "text")
        aired.resize(5, 80)
        aired.end(0, "")
        aired.begin_now()
        await aired.written()
    assert feed.items == [
        Began(command="make", kind="terminal"),
        Resized(rows=999, columns=80),
        Printed(offset=0, text="text"),
        Resized(rows=5, columns=80),
        Over(exit_code=0),
    ]


async def test_a_quick_command_has_no_feed_unless_it_goes_on_by_itself():
    for goes_on in (False, True):
        feed = Feed()
        async with asyncio.TaskGroup() as group:
            aired = airing(feed, "command")
            aired.begin(group)
            aired.take("out", "quick")
            if goes_on:
                aired.begin_now()
            aired.end(0, "")
            await aired.written()
        assert [type(item) for item in feed.items] == ([Began, Printed, Over] if goes_on else [])
