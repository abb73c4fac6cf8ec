"""The log through the bus, on a real NATS: what is acknowledged is there once, whatever happens on the way."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace
from nats import errors as nats_errors

from proto import errors, events, permissions, tasks
from proto.base import Caller, new_id
from services.runtime.bus import Bus, Expect, Repeated
from services.runtime.bus.client import Client
from services.tasks.main import serve
from services.tasks.settings import TasksSettings
from tests.support.running import running


def added(caller: Caller, title: str = "x") -> events.Event:
    return events.happened(tasks.TaskAdded(task=new_id(), title=title), caller)


class Forgetful(Client):
    """A connection that loses the reply to its first publish."""

    lost = False

    async def ask(self, subject, payload, timeout, headers=None):
        reply = await super().ask(subject, payload, timeout, headers)
        if subject.startswith("daimon.record.") and not self.lost:
            self.lost = True
            raise nats_errors.TimeoutError
        return reply


async def test_concurrent_events_are_all_recorded_in_order_and_once(open_bus, ada):
    bus = await open_bus("tasks")
    sequences = await asyncio.gather(*(bus.journal.append(added(ada, str(number))) for number in range(300)))
    log = await bus.journal.read(events.of_user(ada.user))
    assert [each.sequence for each in log] == sequences
    assert len({each.event.id for each in log}) == 300


async def test_an_expectation_that_does_not_hold_is_a_conflict(open_bus, ada):
    bus = await open_bus("tasks")
    mine = events.of_noun("task", ada.user)
    first = await bus.journal.append(added(ada), expect=Expect(filter=mine, sequence=0))
    with pytest.raises(errors.Conflict):
        await bus.journal.append(added(ada), expect=Expect(filter=mine, sequence=0))
    await bus.journal.append(added(ada), expect=Expect(filter=mine, sequence=first))


async def test_a_lost_acknowledgement_is_not_somebody_elses_event(nats_server, ada, monkeypatch):
    monkeypatch.setattr("services.runtime.bus.connection.Client", Forgetful)
    async with Bus.open(nats_server.settings("tasks"), "tasks") as bus:
        mine = events.of_noun("task", ada.user)
        event = added(ada)
        sequence = await bus.journal.append(event, expect=Expect(filter=mine, sequence=0))
        (stored,) = await bus.journal.read(mine)
        assert (stored.sequence, stored.event.id) == (sequence, event.id)


async def test_the_same_key_of_two_users_asks_for_two_things(open_bus, ada):
    bob = Caller(user=f"{ada.user}-not", key="k")
    cli = await open_bus("cli")
    async with running(serve, TasksSettings(), await open_bus("tasks")):
        for caller in (replace(ada, key="k"), bob):
            changed = await cli.call(tasks.ADD, tasks.AddTask(title=f"for {caller.user}"), caller=caller)
            assert changed.task.title == f"for {caller.user}"


async def test_a_repeated_key_gives_back_what_was_recorded_first(open_bus, ada):
    bus = await open_bus("tasks")
    mine = events.of_noun("task", ada.user)
    keyed = replace(ada, key="k")
    first = added(keyed)
    sequence = await bus.journal.append(first, expect=Expect(filter=mine, sequence=0))
    with pytest.raises(Repeated) as repeated:
        await bus.journal.append(added(keyed), expect=Expect(filter=mine, sequence=sequence))
    assert repeated.value.recorded.event.id == first.id


async def test_a_repeated_key_without_an_expectation_is_recorded_once(open_bus, ada):
    bus, keyed = await open_bus("tasks"), replace(ada, key="k")
    first = await bus.journal.append(added(keyed))
    assert await bus.journal.append(added(keyed)) == first
    assert len(await bus.journal.read(events.of_user(ada.user))) == 1


async def test_an_event_that_is_too_large_fails_alone(open_bus, ada):
    bus = await open_bus("tasks")
    results = await asyncio.gather(
        bus.journal.append(added(ada, "small")),
        bus.journal.append(added(ada, "x" * 2_000_000)),
        bus.journal.append(added(ada, "small too")),
        return_exceptions=True,
    )
    assert isinstance(results[1], errors.TooLarge)
    titles = [each.event.sentence for each in await bus.journal.read(events.of_user(ada.user))]
    assert titles == ["Added task 'small'", "Added task 'small too'"]


async def test_an_event_with_an_endless_name_fails_alone(open_bus, ada):
    bus = await open_bus("tasks")
    good = [events.happened(tasks.TaskAdded(task=f"t{number}", title="one of many"), ada) for number in range(20)]
    bad = events.happened(tasks.TaskAdded(task="t", title="bad"), replace(ada, conversation="x" * 2000))
    results = await asyncio.gather(*map(bus.journal.append, [*good, bad]), return_exceptions=True)
    assert isinstance(results.pop(), errors.Invalid)
    assert all(isinstance(place, int) for place in results)


async def test_nobody_hears_an_event_that_was_refused(open_bus, ada):
    bus, cli = await open_bus("tasks"), await open_bus("cli")
    mine = events.of_noun("task", ada.user)
    async with cli.follow(events.of_user(ada.user)) as live:
        await cli.journal.last(mine)
        await bus.journal.append(added(ada, "first"), expect=Expect(filter=mine, sequence=0))
        with pytest.raises(errors.Conflict):
            await bus.journal.append(added(ada, "refused"), expect=Expect(filter=mine, sequence=0))
        await bus.journal.append(added(ada, "second"))
        assert [(await live.next()).sentence for _ in range(2)] == ["Added task 'first'", "Added task 'second'"]


async def test_a_name_that_is_too_long_is_refused_and_the_connection_lives(open_bus, ada):
    bus = await open_bus("cli")
    endless = replace(ada, user="x" * 5000)
    with pytest.raises(errors.Invalid, match="too long"):
        await bus.call(tasks.LIST, tasks.ListTasks(), caller=endless)
    with pytest.raises(errors.Invalid, match="too long"):
        async with bus.follow(events.of_user(endless.user)):
            pass
    assert bus.connected


async def test_a_reply_never_becomes_an_event(nats_server, open_bus, ada):
    """A requester names the subject of the reply; it must not be one that the log listens on."""

    url = nats_server.let_in("plain", permissions.program("plain", ada.user))
    cli = await open_bus("cli")
    async with running(serve, TasksSettings(), await open_bus("tasks")):
        client = Client()
        async with asyncio.timeout(30):
            while not client.is_connected:
                try:
                    await client.connect(url, inbox_prefix="_INBOX.plain", max_reconnect_attempts=1)
                except nats_errors.Error:
                    await asyncio.sleep(0)
        victim = f"daimon.record.{ada.user}.task.added.-"
        await client.publish(f"daimon.do.{ada.user}.plugin-plain.tasks.list", b"{}", reply=victim)
        await client.publish("$SRV.PING", b"", reply=victim)
        await client.request(f"daimon.do.{ada.user}.plugin-plain.tasks.list", b"{}", timeout=20)
        await client.close()
    assert await cli.journal.read(events.of_user(ada.user)) == []
