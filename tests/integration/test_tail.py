"""The end of the log, followed: exactly what the log has, in its order, whatever the live bus delivers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from daimon.tail import tail
from proto import errors, events
from proto.base import Caller
from proto.events import happened
from proto.tasks import TaskAdded
from services.runtime.bus import Bus, Expect
from tests.support.servers import NatsServer


def added(title: str, user: str = "ada") -> events.Event:
    return happened(TaskAdded(task=title, title=title), Caller(user=user))


@pytest.fixture
async def log(own_nats: NatsServer) -> AsyncIterator[Bus]:
    async with Bus.open(own_nats.settings("tasks"), "tasks") as bus:
        yield bus


@asynccontextmanager
async def reading(server: NatsServer, after: int = 0) -> AsyncIterator[AsyncIterator[str]]:
    async with Bus.open(server.settings("cli"), "cli") as bus, aclosing(tail(bus, "ada", after)) as recorded:
        yield (one.event.sentence.split("'")[1] async for one in recorded)


async def take(titles: AsyncIterator[str], count: int) -> list[str]:
    async with asyncio.timeout(10):
        return [await anext(titles) for _ in range(count)]


async def test_the_past_after_a_place_comes_first_then_what_happens(own_nats: NatsServer, log: Bus) -> None:
    places = [await log.journal.append(added(title)) for title in ("a", "b", "c")]
    async with reading(own_nats, places[0]) as titles:
        assert await take(titles, 2) == ["b", "c"]
        await log.journal.append(added("d"))
        assert await take(titles, 1) == ["d"]


async def test_other_users_are_not_seen(own_nats: NatsServer, log: Bus) -> None:
    async with reading(own_nats) as titles:
        await log.journal.append(added("secret", user="bob"))
        await log.journal.append(added("mine"))
        assert await take(titles, 1) == ["mine"]


async def test_what_the_log_refused_is_not_shown_though_the_bus_delivered_it(own_nats: NatsServer, log: Bus) -> None:
    async with reading(own_nats) as titles:
        await log.journal.append(added("first"))
        assert await take(titles, 1) == ["first"]
        with pytest.raises(errors.Conflict):
            await log.journal.append(added("refused"), expect=Expect(filter=events.of_noun("task", "ada"), sequence=0))
        await log.journal.append(added("second"))
        assert await take(titles, 1) == ["second"]


async def test_a_burst_comes_whole_and_in_order(own_nats: NatsServer, log: Bus) -> None:
    names = [f"t{number}" for number in range(300)]
    async with reading(own_nats) as titles, asyncio.TaskGroup() as group:
        for name in names:
            group.create_task(log.journal.append(added(name)))
        seen = await take(titles, len(names))
    stored = await log.journal.read(events.of_user("ada"))
    assert seen == [one.event.sentence.split("'")[1] for one in stored]
    assert sorted(seen) == sorted(names)


async def test_following_goes_on_after_the_bus_was_killed(own_nats: NatsServer, log: Bus) -> None:
    async with reading(own_nats) as titles:
        await log.journal.append(added("before"))
        assert await take(titles, 1) == ["before"]
        await own_nats.kill()
        await own_nats.start()
        async with Bus.open(own_nats.settings("tasks"), "tasks") as another:
            await another.journal.append(added("after"))
            assert await take(titles, 1) == ["after"]
