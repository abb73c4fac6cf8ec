"""The OpenAI interface, as its clients see it: exact JSON, streams, tools, errors."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from array import array

import httpx
import pytest

from proto import chat, events, keys, tasks
from tests.fakes.ollama import Reply
from tests.support.prompts import conversation, said

pytest_plugins = ("tests.integration.gateway_fixtures",)

HELLO = [{"role": "user", "content": "hello"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a town.",
        "parameters": {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]},
    },
}


async def ask(program: httpx.AsyncClient, status: int = 200, **body):
    response = await program.post("/v1/chat/completions", json={"model": "daimon", "messages": HELLO, **body})
    assert response.status_code == status, response.text
    return response.json()


async def stream(program: httpx.AsyncClient, **body) -> list:
    body = {"model": "daimon", "messages": HELLO, "stream": True, **body}
    async with program.stream("POST", "/v1/chat/completions", json=body) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line async for line in response.aiter_lines() if line and not line.startswith(":")]
    assert all(line.startswith("data: ") for line in lines)
    datas = [line.removeprefix("data: ") for line in lines]
    assert datas.pop() == "[DONE]"
    return [json.loads(data) for data in datas]


def text_of(chunks: list) -> str:
    return "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks if chunk["choices"])


async def test_an_answer_has_exactly_the_shape_that_clients_know(program, script):
    script(lambda _: Reply(text="You are heard", prompt_tokens=11))
    found = await ask(program)
    assert re.fullmatch(r"chatcmpl-api-[\w-]{20}", found.pop("id"))
    assert isinstance(found.pop("created"), int)
    assert found == {
        "object": "chat.completion",
        "model": "small:latest",
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": "You are heard"},
            "finish_reason": "stop",
            "logprobs": None,
        }],
        "usage": {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14},
    }  # fmt: skip


async def test_a_stream_has_exactly_the_shape_that_clients_know(program, script):
    script(lambda _: Reply(text="one two three", prompt_tokens=11))
    chunks = await stream(program, stream_options={"include_usage": True})
    assert text_of(chunks) == "one two three"
    (named,) = {(chunk["id"], chunk["object"], chunk["model"], chunk["created"]) for chunk in chunks}
    assert named[1:3] == ("chat.completion.chunk", "daimon")
    first, *_, last, used = chunks
    assert first["choices"][0]["delta"]["role"] == "assistant"
    assert first["choices"][0]["finish_reason"] is None
    assert last["choices"] == [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    assert used["choices"] == []
    assert used["usage"] == {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
    assert all("usage" not in chunk for chunk in await stream(program))


async def test_what_a_model_thinks_is_told_apart(program, script):
    script(lambda _: Reply(text="4", thinking="two and two"))
    chunks = await stream(program)
    thought = "".join(chunk["choices"][0]["delta"].get("reasoning_content", "") for chunk in chunks)
    assert (thought, text_of(chunks)) == ("two and two", "4")
    assert (await ask(program))["choices"][0]["message"]["reasoning_content"] == "two and two"


async def test_the_model_is_sent_the_conversation_of_the_client_and_nothing_else(program, script, model_server):
    script(lambda _: Reply(text="blue"))
    talk = [
        {"role": "system", "content": "You are terse."},
        {"role": "user", "content": [{"type": "text", "text": "My colour is "}, {"type": "text", "text": "blue."}]},
        {"role": "assistant", "content": "Noted."},
        {"role": "user", "content": "Which is it?"},
    ]
    await ask(program, messages=talk, temperature=0.5, max_tokens=7, stop=["\n"], seed=3)
    asked = model_server.chats[-1]
    assert [(said["role"], said["content"]) for said in asked["messages"]] == [
        ("system", "You are terse."),
        ("user", "My colour is blue."),
        ("assistant", "Noted."),
        ("user", "Which is it?"),
    ]
    options = asked["options"]
    assert (options["temperature"], options["num_predict"], options["stop"], options["seed"]) == (0.5, 7, ["\n"], 3)


async def test_without_a_system_message_daimon_says_who_it_is(program, script, model_server):
    script(lambda _: Reply(text="hi"))
    await ask(program)
    asked = model_server.chats[-1]
    assert "You are Daimon" in asked["messages"][0]["content"]
    assert conversation(asked) == [{"role": "user", "content": "hello"}]


async def test_daimons_own_actions_run_as_in_chat(front, program, ada):
    found = await ask(program, messages=[{"role": "user", "content": "add buy milk to my list"}])
    assert found["choices"][0]["message"]["content"].startswith("Done")
    assert found["choices"][0]["finish_reason"] == "stop"
    listed = await front.cli.call(tasks.LIST, tasks.ListTasks(), caller=ada)
    assert [(task.title, task.actor) for task in listed.tasks] == [("buy milk", "model")]


async def test_a_request_costs_one_call_of_the_model(front, program, browser, script, model_server):
    script(lambda _: Reply(text="hi"))
    await ask(program, messages=[{"role": "user", "content": "about zebras"}])
    # A conversation of Daimon's own that came later is named after what came before it, so ours would be by now.
    async with front.cli.follow(events.of_kind("chat.titled")) as names:
        await browser.client.post("/api/chat/own", json={"text": "hello"})
        async with asyncio.timeout(20):
            while (await names.next()).conversation != "own":
                pass
    assert len([body for body in model_server.requests if "about zebras" in str(body)]) == 1


async def test_who_wants_no_tools_has_none_offered(program, script, model_server):
    script(lambda _: Reply(text="hi"))
    await ask(program, tools=[WEATHER], tool_choice="none")
    assert not model_server.chats[-1].get("tools")


async def test_a_tool_of_the_client_is_handed_back_and_its_result_taken(program, script, model_server):
    def act(body):
        if body["messages"][-1]["role"] == "tool":
            return Reply(text=f"It is {body['messages'][-1]['content']}.")
        assert "get_weather" in {tool["function"]["name"] for tool in body["tools"]}
        return Reply(calls=(("get_weather", {"town": "Bern"}),))

    script(act)
    question = {"role": "user", "content": "How is it in Bern?"}
    (choice,) = (await ask(program, messages=[question], tools=[WEATHER]))["choices"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    (call,) = choice["message"]["tool_calls"]
    assert (call["type"], call["function"]["name"]) == ("function", "get_weather")
    assert json.loads(call["function"]["arguments"]) == {"town": "Bern"}
    result = {"role": "tool", "tool_call_id": call["id"], "content": "sunny"}
    found = await ask(program, messages=[question, choice["message"], result], tools=[WEATHER])
    assert found["choices"][0]["message"]["content"] == "It is sunny."
    last = model_server.chats[-1]["messages"][-1]
    assert (last["role"], last["tool_name"], last["tool_call_id"]) == ("tool", "get_weather", call["id"])


async def test_a_tool_of_the_client_is_handed_back_in_a_stream(program, script):
    script(
        lambda _: Reply(text="Let me see.", calls=(("get_weather", {"town": "Bern"}), ("get_weather", {"town": "Ulm"})))
    )
    chunks = await stream(program, tools=[WEATHER])
    assert text_of(chunks) == "Let me see."
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"
    calls = chunks[-2]["choices"][0]["delta"]["tool_calls"]
    assert [(call["index"], json.loads(call["function"]["arguments"])["town"]) for call in calls] == [
        (0, "Bern"),
        (1, "Ulm"),
    ]
    assert len({call["id"] for call in calls}) == 2


async def test_an_answer_that_was_cut_says_so(program, script):
    script(lambda _: Reply(text="and so", reason="length"))
    assert (await ask(program))["choices"][0]["finish_reason"] == "length"
    assert (await stream(program))[-1]["choices"][0]["finish_reason"] == "length"


async def test_a_conversation_of_daimons_own_goes_on(program, browser, script, model_server):
    script(lambda _: Reply(text="hi"))
    await browser.client.post("/api/chat/kept", json={"text": "remember the number 7"})
    await ask(program, metadata={"conversation": "kept"}, temperature=0.25)
    asked = model_server.chats[-1]
    assert said(asked) == ["remember the number 7", "hi", "hello"]
    assert asked["options"]["temperature"] == 0.25
    assert len((await browser.client.get("/api/conversations/kept")).json()["exchanges"]) == 2


async def test_a_conversation_that_is_busy_is_429_and_goes_on(front, program, ada, script):
    script(lambda _: Reply(text="one two", fault="hang", after=1))
    body = {"messages": HELLO, "stream": True, "metadata": {"conversation": "full"}}
    async with program.stream("POST", "/v1/chat/completions", json=body) as first:
        await anext(first.aiter_lines())
        response = await program.post("/v1/chat/completions", json={**body, "stream": False})
        assert (response.status_code, response.headers["retry-after"]) == (429, "1")
        assert response.json()["error"]["type"] == "rate_limit_error"
        read = await front.cli.call(chat.READ, chat.Read(conversation="full"), caller=ada)
        assert read.exchanges[-1].outcome is None


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_client_that_leaves_stops_the_model(front, ada, script, model_server, streaming):
    program = await front.program(ada.user)
    script(lambda _: Reply(text="one two three", fault="hang", after=2))
    async with front.cli.follow(events.of_user(ada.user)) as log:
        body = {"messages": HELLO, "stream": streaming}
        if streaming:
            async with program.stream("POST", "/v1/chat/completions", json=body) as response:
                await anext(response.aiter_lines())
                writing = model_server.connections_open
        else:
            async with front.cli.feed(chat.PARTS).follow(ada.user) as parts:
                asking = asyncio.create_task(program.post("/v1/chat/completions", json=body))
                await parts.next()
            writing = model_server.connections_open
            asking.cancel()
        async with asyncio.timeout(10):
            while (event := await log.next()).kind != chat.Answered.kind:
                pass
    assert json.loads(bytes(event.data))["outcome"] == "stopped"
    async with asyncio.timeout(10):
        await model_server.connections.until(writing - 1)


async def test_a_key_that_is_revoked_ends_its_streams_at_once(front, ada, script):
    script(lambda _: Reply(text="one two", fault="hang", after=1))
    made = await front.key(ada.user, "doomed")
    client = await front.stranger()
    client.headers["Authorization"] = f"Bearer {made.secret}"
    async with client.stream("POST", "/v1/chat/completions", json={"messages": HELLO, "stream": True}) as response:
        lines = response.aiter_lines()
        await anext(lines)
        await front.cli.call(keys.REVOKE_KEY, keys.RevokeKey(user=ada.user, key="doomed"))
        async with asyncio.timeout(10):
            rest = [line async for line in lines]
    assert "[DONE]" not in "".join(rest)
    assert "broken off" in "".join(rest)
    assert (await client.get("/v1/models")).status_code == 401


async def test_a_failure_of_the_model_is_an_error(program, script):
    script(lambda _: Reply(fault="status", error="out of memory"))
    assert "out of memory" in (await ask(program, 502))["error"]["message"]
    response = await program.post("/v1/chat/completions", json={"messages": HELLO, "stream": True})
    assert (response.status_code, response.json()["error"]["type"]) == (502, "server_error")


async def test_a_failure_in_the_middle_is_an_error_in_the_stream(program, script):
    script(lambda _: Reply(text="one two", fault="error_line", after=1))
    response = await program.post("/v1/chat/completions", json={"messages": HELLO, "stream": True})
    events_seen = [line for line in response.text.splitlines() if line]
    assert "one" in events_seen[0]
    assert json.loads(events_seen[-1].removeprefix("data: "))["error"]["message"]
    assert "[DONE]" not in response.text


async def test_the_models_are_listed_and_can_be_chosen(program, script, model_server):
    script(lambda _: Reply(text="hi"))
    listed = (await program.get("/v1/models")).json()
    assert listed["object"] == "list"
    names = [model["id"] for model in listed["data"]]
    assert names == ["daimon", "small:latest", "plain:latest"]
    assert (await program.get("/v1/models/plain:latest")).json()["object"] == "model"
    assert (await ask(program, model="plain"))["model"] == "plain"
    assert model_server.chats[-1]["model"] == "plain"


@pytest.mark.parametrize("path", ["/v1/models/nothing", "/v1/models/a/b"])
async def test_a_model_that_is_not_there_is_named(program, path):
    missing = await program.get(path)
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "model_not_found")
    wrong = await ask(program, 404, model="nothing")
    assert wrong["error"]["code"] == "model_not_found"
    assert "small:latest" in wrong["error"]["message"]


async def test_embeddings_are_vectors_of_length_one(program):
    found = (await program.post("/v1/embeddings", json={"input": ["a cat", "a dog"], "model": "all-minilm"})).json()
    assert (found["object"], [each["index"] for each in found["data"]]) == ("list", [0, 1])
    vector = found["data"][0]["embedding"]
    assert abs(sum(value * value for value in vector) - 1) < 0.001
    packed = await program.post("/v1/embeddings", json={"input": "a cat", "encoding_format": "base64"})
    unpacked = array("f", base64.b64decode(packed.json()["data"][0]["embedding"]))
    assert list(unpacked) == pytest.approx(vector, abs=0.001)


SAID = {"role": "user", "content": "x"}
CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{"}}


def tool(name: str) -> dict:
    return {"type": "function", "function": {"name": name}}


@pytest.mark.parametrize(("body", "says"), [
    (b"", "JSON"),
    ({}, "messages"),
    ({"messages": []}, "messages"),
    ({"messages": [{"role": "wizard", "content": "x"}]}, "wizard"),
    ({"messages": [{"role": "system", "content": "x"}]}, "user"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "image_url"),
    ({"messages": [SAID], "n": 2}, "`n`"),
    ({"messages": [SAID], "logprobs": True}, "logprobs"),
    ({"messages": [SAID], "tool_choice": "required"}, "tool_choice"),
    ({"messages": [SAID], "response_format": {"type": "json_object"}}, "response_format"),
    ({"messages": [SAID], "temperature": 9}, "temperature"),
    ({"messages": [SAID, {"role": "tool", "content": "y", "tool_call_id": "z"}]}, "`z`"),
    ({"messages": [{"role": "user", "content": "a\0b"}]}, "NUL"),
    ({"messages": [SAID], "tools": [tool("a.b")]}, "a.b"),
    ({"messages": [SAID], "metadata": {"conversation": "c"}, "tools": [tool("ab")]}, "metadata"),
    ({"messages": [SAID, {"role": "assistant", "tool_calls": [CALL]}]}, "JSON"),
])  # fmt: skip
async def test_a_wrong_request_gets_a_sentence(program, body, says):
    content = body if isinstance(body, bytes) else json.dumps(body)
    response = await program.post("/v1/chat/completions", content=content)
    error = response.json()["error"]
    assert (response.status_code, error["type"]) == (400, "invalid_request_error")
    assert says in error["message"]


async def test_too_much_is_refused_in_a_sentence(program):
    big = [{"role": "user", "content": "x" * 1_100_000}]
    assert "1 MB" in (await ask(program, 413, messages=big))["error"]["message"]
    assert (
        "large"
        in (await ask(program, 413, messages=[{"role": "user", "content": "x" * 199_000}] * 5))["error"]["message"]
    )


async def test_nobody_without_a_key_gets_in(front, browser):
    for client in (await front.stranger(), browser.client):
        for given in ({}, {"Authorization": "Bearer daimon-wrong"}, {"Authorization": "Basic eDp5"}):
            response = await client.post("/v1/chat/completions", json={"messages": HELLO}, headers=given)
            assert response.status_code == 401
            assert response.json()["error"]["code"] == "invalid_api_key"
    nowhere = await browser.client.get("/v1/nothing")
    assert (nowhere.status_code, nowhere.json()["error"]["code"]) == (404, "not_found")
