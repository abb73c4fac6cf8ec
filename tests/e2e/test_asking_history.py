"""The model asks its own history by nearness, then by SQL over what it found, in one turn, and cites the events."""

from __future__ import annotations

import re

import msgspec
import pytest

from daimon.connection import connect
from proto import chat
from proto.base import new_id
from tests.fakes.ollama import FakeOllama, Reply, act
from tests.fakes.ollama_script import Body, is_aside, last_said, offered
from tests.support.chatting import say
from tests.support.whole import Whole

QUESTION = "What did I plan for the garden, and when?"
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def ask_history(body: Body) -> Reply:
    """Search by meaning, then ask SQL about the ids that were found, then answer with links to them."""
    if is_aside(body) or last_said(body) != QUESTION:
        return act(body)
    results = [str(message["content"]) for message in body["messages"] if message["role"] == "tool"]
    names = {re.sub(r"[._]", ".", name): name for name in offered(body)}
    if not results:
        return Reply(calls=((names["memory.search"], {"query": "plants outdoors", "kinds": ["task"]}),))
    if len(results) == 1:
        found = ", ".join(f"'{event}'" for event in dict.fromkeys(_ID.findall(results[0])))
        sql = (
            "select id, sentence, time from events"
            f" where id in ({found}) and kind = 'task.added' and data->>'title' like '%roses%' order by sequence"
        )
        return Reply(calls=((names["memory.sql"], {"sql": sql}),))
    (event,) = dict.fromkeys(_ID.findall(results[1]))
    return Reply(text=f"You planned to [plant the roses](/timeline/{event}).")


@pytest.fixture
def scripted_history(model_server: FakeOllama):
    model_server.script = ask_history
    yield
    model_server.script = act


@pytest.mark.usefixtures("scripted_history")
async def test_nearness_then_sql_over_what_it_found_then_an_answer_with_the_event(scripted: Whole):
    user = f"gardener-{new_id()[-8:]}"
    async with connect(scripted.home.path, user) as connection:
        for title in ("plant the roses by the fence", "pay the phone bill", "water the tomatoes"):
            added = await scripted.daimon("tasks", "add", title, "--user", user, "--json")
            if "roses" in title:
                event = msgspec.json.decode(added.out)["event"]
        await scripted.caught_up()
        heard = await say(connection.bus, connection.caller, QUESTION)
    assert [(tool.action, tool.ok) for tool in heard.tools] == [("memory.search", True), ("memory.sql", True)]
    assert isinstance(heard.ended, chat.Ended)
    assert event in heard.tools[0].result
    assert heard.ended.answer == f"You planned to [plant the roses](/timeline/{event})."
