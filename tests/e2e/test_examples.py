"""The programs of docs/examples join a running Daimon, with nothing but an address and nats-py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from daimon.connection import connect
from daimon.session import ChatSession
from proto import errors, tasks
from proto.base import new_id
from services.runtime.bus import Bus
from services.runtime.settings import BusSettings
from tests.fakes.ollama import FakeOllama, Reply, act
from tests.fakes.ollama_script import Body, last_said, offered
from tests.support.whole import Whole, end, line_of

WEATHER = "It is sunny and 21 °C in Prague."


@pytest.fixture
def ada() -> str:
    """A user nobody else in this run has."""
    return f"ada-{new_id()[-12:]}"


async def let_in(whole: Whole, *words: str) -> str:
    ran = await whole.daimon("credentials", "add", *words)
    assert ran.code == 0, ran.err
    return ran.out.strip()


@asynccontextmanager
async def weather_station(whole: Whole) -> AsyncIterator[None]:
    """Run register_action.py until its action stands in the menu."""
    url = await let_in(whole, "weather", "--serves", "weather")
    process = await whole.start("docs/examples/register_action.py", url)
    try:
        async with asyncio.timeout(20):
            while "weather.now" not in (await whole.daimon("actions")).out:
                assert process.returncode is None
        yield
    finally:
        await end(process)


def forecaster(body: Body) -> Reply:
    """A model that asks for the weather when it is asked about it, and repeats what it hears."""
    if body["messages"][-1]["role"] == "tool":
        return Reply(text=f"Heard: {body['messages'][-1]['content']}")
    name = next((name for name in offered(body) if "weather" in name), "")
    city = last_said(body).rpartition(" ")[2].rstrip("?")
    return Reply(calls=((name, {"city": city}),)) if name else Reply(text="I do not know.")


async def test_a_stranger_follows_what_happens_to_a_user(reflex: Whole, ada: str) -> None:
    url = await let_in(reflex, "watcher", "--user", ada)
    process = await reflex.start("docs/examples/follow_events.py", url, ada)
    try:
        async with connect(reflex.home.path, ada) as connection, asyncio.timeout(20):
            seen = asyncio.ensure_future(line_of(process))
            number = 0
            # It says nothing when it has subscribed, so tasks are added until it speaks.
            while not seen.done():
                number += 1
                await connection.call(tasks.ADD, tasks.AddTask(title=f"task {number}"))
                await asyncio.wait({seen}, timeout=0.1)
        time, actor, sentence = (await seen).split(maxsplit=2)
        assert time.startswith("20")
        assert actor == "user"
        assert sentence.startswith("Added task 'task ")
    finally:
        await end(process)


async def test_an_action_of_a_stranger_is_used_without_a_model(reflex: Whole, ada: str) -> None:
    async with weather_station(reflex):
        done = await reflex.daimon("do", "what is the weather in Prague", "--user", ada)
        assert done.out == f"{WEATHER}\n"


async def test_an_action_of_a_stranger_is_used_by_the_model(
    scripted: Whole, model_server: FakeOllama, ada: str
) -> None:
    model_server.script = forecaster
    try:
        async with weather_station(scripted), ChatSession(user=ada, home=scripted.home.path) as session:
            answer = await session.chat("What is the weather in Prague?")
        assert answer.startswith("Heard: ")
        assert "It is sunny" in answer
    finally:
        model_server.script = act


async def test_a_program_acts_for_its_user_and_for_nobody_else(reflex: Whole, ada: str) -> None:
    url = await let_in(reflex, "helper", "--user", ada)
    async with Bus.open(BusSettings(url=url, user="helper"), "helper") as bus:
        mine = tasks.ADD.subject.format(user=ada, actor="plugin-helper")
        added = msgspec.json.decode(await bus.call_subject(mine, b'{"title": "from outside"}'), type=tasks.TaskChange)
        assert added.task.actor == "plugin-helper"
        for user, actor in ((ada, "user"), (ada, "model"), ("owner", "plugin-helper")):
            with pytest.raises((errors.TimedOut, errors.Unavailable)):
                await bus.call_subject(tasks.LIST.subject.format(user=user, actor=actor), b"{}", timeout=0.3)


async def test_a_program_that_was_removed_is_let_in_no_more(reflex: Whole) -> None:
    url = await let_in(reflex, "shortlived")
    assert (await reflex.daimon("credentials", "remove", "shortlived")).out == "shortlived is let in no more.\n"
    with pytest.raises(errors.Unavailable, match="Authorization"):
        async with Bus.open(BusSettings(url=url, user="shortlived"), "shortlived", patience=1):
            pass
