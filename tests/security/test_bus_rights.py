"""The broker keeps everyone in their place: what each user of the bus tries beyond its rights is refused."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from nats import errors as nats_errors
from nats.aio.client import Client

from proto import errors, permissions
from proto.permissions import inbox_prefix
from services.runtime.bus import Bus
from services.runtime.settings import BusSettings

FORBIDDEN = [
    # who, what it tries to say, why it must not
    ("tasks", "daimon.record.ada.chat.asked.c", "tasks would put words into a conversation"),
    ("tasks", "daimon.do.ada.user.chat.send", "tasks would act in a user's name"),
    ("tasks", "$JS.API.STREAM.DELETE.EVENTS", "nobody may delete the log"),
    ("tasks", "$JS.API.STREAM.PURGE.EVENTS", "nobody may empty the log"),
    ("tasks", "$KV.daimon_sessions.x", "tasks would make itself a session"),
    ("llm", "daimon.do.ada.user.tasks.add", "the model would pass for the user"),
    ("llm", "daimon.own.ada.approval.answer", "the model would allow itself what it asked for"),
    ("llm", "daimon.own.ada.approval.set", "the model would set its own rules"),
    ("llm", "daimon.own.ada.choice.edit", "the model would rewrite its own instructions"),
    ("llm", "daimon.own.ada.choice.set_filter", "the model would take back what is held back"),
    ("llm", "daimon.own.ada.choice.set_waking", "the model would let itself speak unasked"),
    ("llm", "daimon.own.ada.model.use", "the model would choose who does its work"),
    ("weather", "daimon.own.ada.approval.answer", "a program would speak for a person"),
    ("llm", "daimon.record.ada.task.added.-", "the model would change tasks without the service"),
    ("llm", "daimon.svc.gateway.invite", "the model would invite itself"),
    ("llm", "$JS.API.STREAM.MSG.DELETE.EVENTS", "the model would erase what it did"),
    ("gateway", "daimon.do.ada.model.tasks.add", "a user would pass for the model"),
    ("gateway", "daimon.record.ada.task.added.-", "a page would change tasks without the service"),
    ("gateway", "daimon.svc.gateway.invite", "a page would invite"),
    ("memory", "daimon.do.ada.user.tasks.add", "memory only remembers"),
    ("memory", "daimon.record.ada.task.deleted.-", "memory would change what it remembers"),
    ("sandbox", "daimon.do.ada.user.tasks.add", "the box would act in a user's name"),
    ("sandbox", "$JS.API.CONSUMER.CREATE.EVENTS.x", "the box would follow the log"),
    ("undo", "daimon.do.ada.user.tasks.add", "undo only asks for what undoes"),
    ("undo", "daimon.record.ada.task.deleted.-", "undo would change tasks without their service"),
    ("undo", "$JS.API.STREAM.MSG.DELETE.EVENTS", "undoing deletes nothing"),
    ("ghost", "daimon.do.ada.user.tasks.add", "the ghost would pass for the user"),
    ("ghost", "daimon.do.ada.ghost.tasks.rename", "the ghost does what it may offer, and nothing else"),
    ("ghost", "daimon.own.ada.suggestion.accept", "the ghost would accept what it offers"),
    ("llm", "daimon.own.ada.suggestion.accept", "the model would have the ghost do what it may not"),
    ("memory", "$JS.API.STREAM.PURGE.EVENTS", "memory erases places, never the log"),
    ("cli", "$JS.API.STREAM.MSG.DELETE.EVENTS", "only memory erases, and leaves a record"),
    ("cli", "$JS.API.STREAM.SNAPSHOT.EVENTS", "a client would read the log of everybody as a file"),
    ("ui", "daimon.do.ada.user.tasks.list", "a template would read data"),
    ("ui", "daimon.record.ada.page.visited.-", "a template would write the log"),
    ("setup", "daimon.do.ada.user.tasks.add", "setup only lays out streams"),
    ("setup", "$JS.API.STREAM.DELETE.EVENTS", "setup never deletes"),
    ("weather", "daimon.do.ada.user.tasks.add", "a program would pass for the user"),
    ("weather", "daimon.do.bob.plugin-weather.tasks.add", "a program would act for somebody else"),
    ("weather", "daimon.record.ada.task.added.-", "a program would forge an event"),
    ("weather", "daimon.event.ada.task.added.-", "a program would say what never happened"),
    ("tasks", "daimon.event.ada.task.added.-", "even a service would say what the log has not"),
    ("weather", "$JS.API.STREAM.INFO.EVENTS", "a program would look at the streams"),
]
DEAF = [
    ("ui", "daimon.event.>", "a template would hear everything"),
    ("sandbox", "daimon.event.>", "the box would hear everything"),
    ("weather", "daimon.record.ada.>", "a program would hear what may yet be refused"),
    ("weather", "daimon.event.bob.>", "a program would hear another user"),
    ("weather", "daimon.do.*.*.tasks.add", "a program would take over the actions of tasks"),
    ("weather", "_INBOX.gateway.>", "a program would read the replies to others"),
    ("tasks", "_INBOX.llm.>", "a service would read the replies to others"),
    ("tasks", "daimon.do.*.*.sandbox.run", "a service would take over the actions of another"),
]


@pytest.fixture
async def connect(nats_server):
    nats_server.let_in("weather", permissions.program("weather", "ada", "weather"))
    async with contextlib.AsyncExitStack() as stack:

        async def connect_as(name):
            client = Client()
            refusals = asyncio.Queue()

            async def heard(error):
                refusals.put_nowait(str(error))

            settings = nats_server.settings(name)
            async with asyncio.timeout(30):
                while not client.is_connected:
                    with contextlib.suppress(nats_errors.Error):
                        await client.connect(
                            settings.url,
                            user=name,
                            password=settings.password(),
                            inbox_prefix=inbox_prefix(name),
                            error_cb=heard,
                            max_reconnect_attempts=1,
                        )
            stack.push_async_callback(client.close)
            return client, refusals

        yield connect_as


async def refusal(refusals: asyncio.Queue[str]) -> str:
    async with asyncio.timeout(30):
        while "permissions violation" not in (text := (await refusals.get()).lower()):
            pass
    return text


@pytest.mark.parametrize(("name", "subject", "why"), FORBIDDEN, ids=[f"{row[0]}: {row[2]}" for row in FORBIDDEN])
async def test_the_broker_refuses_to_publish(connect, name, subject, why):
    client, refusals = await connect(name)
    await client.publish(subject, b"{}")
    assert subject.lower() in await refusal(refusals), why


@pytest.mark.parametrize(("name", "subject", "why"), DEAF, ids=[f"{row[0]}: {row[2]}" for row in DEAF])
async def test_the_broker_refuses_to_subscribe(connect, name, subject, why):
    client, refusals = await connect(name)
    await client.subscribe(subject)
    assert subject.lower() in await refusal(refusals), why


@pytest.mark.parametrize("user", ["tasks", "cli", "nobody", ""])
async def test_a_wrong_password_is_not_let_in(nats_server, tmp_path, user):
    wrong = tmp_path / "password"
    wrong.write_text("wrong")
    settings = BusSettings(url=nats_server.url, user=user or "x", password_file=str(wrong))
    with pytest.raises(errors.Unavailable, match="lets us in"):
        async with Bus.open(settings, "tasks", patience=0.5):
            pass


async def test_nobody_is_let_in_without_a_password(nats_server):
    with pytest.raises(errors.Unavailable, match="lets us in"):
        async with Bus.open(BusSettings(url=nats_server.url), "tasks", patience=0.5):
            pass
