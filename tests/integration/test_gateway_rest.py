"""The JSON interface."""

from __future__ import annotations

import asyncio
import json

import pytest
from msgspec.structs import replace

from proto import tasks
from proto.base import Caller
from proto.chat import MESSAGE_LIMIT, Answered, Asked
from proto.events import happened
from proto.streams import TURNS
from services.runtime.bus import Bus
from tests.fakes.ollama import Reply

pytest_plugins = ("tests.integration.gateway_fixtures",)


async def post(browser, path: str, status: int = 200, **body):
    response = await browser.client.post(path, json=body)
    assert response.status_code == status, response.text
    return response.json()


async def get(browser, path: str, status: int = 200):
    response = await browser.client.get(path)
    assert response.status_code == status, response.text
    return response.json()


async def test_a_command_is_done_when_it_returns(front, browser, ada):
    told = await post(browser, "/api/do", text="add buy milk to my list")
    assert told["outcome"] == "done"
    assert "buy milk" in told["answer"]
    (tool,) = told["tools"]
    assert (tool["action"], tool["ok"]) == ("tasks.add", True)
    listed = await front.cli.call(tasks.LIST, tasks.ListTasks(), caller=ada)
    assert [task.title for task in listed.tasks] == ["buy milk"]
    assert (await get(browser, "/api/tasks"))["tasks"][0]["title"] == "buy milk"
    read = await get(browser, f"/api/conversations/{told['conversation']}")
    assert read["exchanges"][0]["mode"] == "command"
    assert read["exchanges"][0]["turn"] == told["turn"]


async def test_a_conversation_goes_on(browser):
    first = await post(browser, "/api/chat/talk", text="hello")
    second = await post(browser, "/api/chat/talk", text="again")
    assert (first["answer"], second["answer"]) == ("You said: hello", "You said: again")
    assert len((await get(browser, "/api/conversations/talk"))["exchanges"]) == 2


async def test_who_does_not_want_to_wait_need_not(browser, script):
    script(lambda _: Reply(text="one two", fault="hang", after=1))
    response = await browser.client.post("/api/chat/later", json={"text": "hi"}, headers={"Prefer": "respond-async"})
    assert response.status_code == 202
    assert response.json()["turn"]
    busy = await post(browser, "/api/chat/later", 423, text="hi")
    assert busy["title"] == "Busy"
    await browser.post("/chat/later/stop")


async def test_a_failure_of_the_model_is_an_outcome(browser, script):
    script(lambda _: Reply(fault="status", error="out of memory"))
    told = await post(browser, "/api/do", text="hello")
    assert told["outcome"] == "failed"
    assert told["error"]


async def test_the_menu_is_there(browser):
    names = [action["name"] for action in (await get(browser, "/api/actions"))["actions"]]
    assert "tasks.add" in names


async def test_a_conversation_nobody_began_is_empty(browser):
    assert (await get(browser, "/api/conversations/never"))["exchanges"] == []


@pytest.mark.parametrize(("path", "body", "status"), [
    ("/api/do", b"", 400),
    ("/api/do", b"not json", 400),
    ("/api/do", b"[]", 400),
    ("/api/do", b"{}", 400),
    ("/api/do", b'{"text": 3}', 400),
    ("/api/do", b'{"text": ""}', 400),
    ("/api/do", b'{"text": "/command"}', 400),
    ("/api/do", b'{"text": "a\\u0000b"}', 400),
    ("/api/do", b'{"text": "a", "other": 1}', 400),
    ("/api/do", b'{"text": "\xff"}', 400),
    ("/api/chat/x", b'{"text": "a", "mode": "shout"}', 400),
    ("/api/chat/x", json.dumps({"text": "x" * (MESSAGE_LIMIT + 1)}).encode(), 413),
    ("/api/chat/x", b'{"text": "' + b"x" * 1_000_000 + b'"}', 413),
    ("/api/chat/" + "x" * 101, b'{"text": "a"}', 400),
    ("/api/nothing", b"{}", 404),
])  # fmt: skip
async def test_a_wrong_request_gets_a_problem_in_a_sentence(browser, path, body, status):
    response = await browser.client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["detail"]


@pytest.mark.parametrize(("path", "status"), [
    ("/api/search", 400), ("/api/search?q=%20", 400), ("/api/search?q=a&limit=many", 400),
    ("/api/search?q=a&limit=51", 400), ("/api/search?q=a", 503), ("/api/do", 404), ("/api/", 404),
])  # fmt: skip
async def test_a_wrong_question_gets_a_problem_in_a_sentence(browser, path, status):
    assert (await get(browser, path, status))["status"] == status


@pytest.mark.parametrize("path", [
    "/api/conversations/" + "x" * 101, "/chat/" + "x" * 300, "/live?conversation=" + "x" * 101,
])  # fmt: skip
async def test_a_conversation_that_cannot_be_is_refused_in_a_sentence(browser, path):
    response = await browser.client.get(path)
    assert response.status_code == 400
    assert "100 is the limit" in response.text


async def test_a_message_to_a_conversation_that_cannot_be_is_refused_in_a_sentence(browser):
    told = await post(browser, "/api/chat/" + "x" * 101, 400, text="hi")
    assert "100 is the limit" in told["detail"]
    for path in ("/chat/" + "x" * 300, "/chat/" + "x" * 300 + "/stop"):
        response = await browser.post(path, text="hi")
        assert response.status_code == 400
        assert "100 is the limit" in response.text


@pytest.mark.parametrize("position", ["9" * 5000, "0" * 5000 + "1", "0", "", "100001"])
async def test_a_place_that_no_list_has_is_refused_in_a_sentence(browser, position):
    response = await browser.post("/tasks/milk/move", position=position)
    assert response.status_code == 400
    assert "a number from 1" in response.text


async def test_a_place_in_the_log_that_cannot_be_is_no_place(browser):
    async with browser.live(tasks="1", seen="9" * 5000) as stream:
        assert "connection" in stream.seen


async def test_a_token_that_is_no_ascii_is_a_wrong_token(browser):
    response = await browser.client.post("/tasks", data={"csrf": "tökén", "title": "milk"})
    assert response.status_code == 403


async def test_a_stranger_gets_a_problem(front):
    for path in ("/api/tasks", "/api/actions", "/api/search?q=a", "/api/conversations/x"):
        response = await (await front.stranger()).get(path)
        assert response.status_code == 401
        assert "daimon link" in response.json()["detail"]


LONG = 600
SAID = "a word of what was said, ünd more of it " * 50


async def long_conversation(front, user: Caller, llm: Bus) -> None:
    """Let the log have a conversation of more than a message of the bus carries, as llm would have written it."""
    caller = replace(user, conversation="long")
    parent = ""
    pairs = []
    for number in range(LONG // 2):
        asked = happened(Asked(text=f"{number}: {SAID}", parent=parent), caller)
        pairs += [asked, happened(Answered(turn=asked.id, text=f"To {number}. {SAID}"), replace(caller, actor="model"))]
        parent = asked.id
    for begin in range(0, len(pairs), 500):
        await asyncio.gather(*(llm.journal.append(event) for event in pairs[begin : begin + 500]))
    async with Bus.open(front.nats.settings("gateway"), "gateway") as gateway:
        # Workers look at every question, and see that it is answered.
        while await gateway.waiting(TURNS):
            pass


async def test_a_conversation_longer_than_a_message_of_the_bus_is_read_and_exported_whole(front, browser, ada):
    async with Bus.open(front.nats.settings("llm"), "llm") as llm:
        await long_conversation(front, ada, llm)
    read = await get(browser, "/api/conversations/long")
    assert [each["asked"].partition(":")[0] for each in read["exchanges"]] == [str(each) for each in range(LONG // 2)]
    assert read["earlier"] == 0
    whole = (await browser.client.get("/chat/long/export/json", timeout=60)).json()
    assert [each["turn"] for each in whole["exchanges"]] == [each["turn"] for each in read["exchanges"]]
    text = (await browser.client.get("/chat/long/export/markdown", timeout=60)).text
    assert len(text.encode()) > 1_048_576
    assert text.count("> ") == LONG // 2
    assert text.endswith(f"To {LONG // 2 - 1}. {SAID.strip()}\n")
