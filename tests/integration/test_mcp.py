"""The MCP server, as its clients speak with it."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from proto import approvals, events, tasks

pytest_plugins = ("tests.integration.gateway_fixtures",)


async def send(program: httpx.AsyncClient, message: object, status: int = 200, **headers: str) -> httpx.Response:
    accepts = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    content = message if isinstance(message, bytes) else json.dumps(message).encode()
    response = await program.post("/mcp", content=content, headers=accepts | headers)
    assert response.status_code == status, response.text
    return response


async def ask(program: httpx.AsyncClient, method: str, **params: object) -> dict:
    message = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    answer = (await send(program, message)).json()
    assert (answer["jsonrpc"], answer["id"]) == ("2.0", 7)
    return answer


async def call(program: httpx.AsyncClient, name: str, **arguments: object) -> dict:
    return (await ask(program, "tools/call", name=name, arguments=arguments))["result"]


@pytest.mark.parametrize(("wanted", "agreed"), [
    ("2025-11-25", "2025-11-25"), ("2025-06-18", "2025-06-18"), ("2025-03-26", "2025-03-26"),
    ("2019-01-01", "2025-11-25"), (None, "2025-11-25"),
])  # fmt: skip
async def test_a_client_and_we_agree_on_the_protocol(program, wanted, agreed):
    found = (await ask(program, "initialize", protocolVersion=wanted, capabilities={}, clientInfo={"name": "t"}))[
        "result"
    ]
    assert found["protocolVersion"] == agreed
    assert found["capabilities"] == {"tools": {"listChanged": False}}
    assert found["serverInfo"]["name"] == "daimon"
    said = await send(program, {"jsonrpc": "2.0", "method": "notifications/initialized"}, 202)
    assert said.content == b""
    assert (await ask(program, "ping"))["result"] == {}


async def test_the_live_menu_is_listed_with_its_schemas(program):
    listed = (await ask(program, "tools/list"))["result"]["tools"]
    found = {tool["name"]: tool for tool in listed}
    add = found["tasks_add"]
    assert add["title"] == "tasks.add"
    assert add["inputSchema"]["type"] == "object"
    assert add["inputSchema"]["required"] == ["title"]
    assert add["annotations"] == {"readOnlyHint": False, "destructiveHint": False, "openWorldHint": False}
    assert found["tasks_list"]["annotations"]["readOnlyHint"] is True


@pytest.mark.parametrize("name", ["tasks_add", "tasks.add"])
async def test_a_call_acts_for_the_user_in_a_models_name(front, program, ada, name):
    found = await call(program, name, title="buy milk")
    assert found["isError"] is False
    assert found["structuredContent"]["task"]["title"] == "buy milk"
    assert json.loads(found["content"][0]["text"]) == found["structuredContent"]
    listed = await front.cli.call(tasks.LIST, tasks.ListTasks(), caller=ada)
    assert [(task.title, task.actor) for task in listed.tasks] == [("buy milk", "model")]


@pytest.mark.parametrize(("arguments", "says"), [
    ({}, "title"), ({"title": 3}, "title"), ({"title": "x", "other": 1}, "other"), ({"title": "x" * 100_001}, "large"),
])  # fmt: skip
async def test_wrong_arguments_are_a_result_that_a_model_can_read(front, program, ada, arguments, says):
    found = await call(program, "tasks_add", **arguments)
    assert found["isError"] is True
    assert says in found["content"][0]["text"]
    assert (await front.cli.call(tasks.LIST, tasks.ListTasks(), caller=ada)).tasks == ()


async def test_what_an_action_refuses_is_a_result_that_a_model_can_read(program):
    found = await call(program, "tasks_complete", task="nothing like that")
    assert found["isError"] is True
    assert "nothing like that" in found["content"][0]["text"]


@pytest.mark.parametrize(("message", "status", "code"), [
    (b"", 400, -32700), (b"not json", 400, -32700), (b'{"jsonrpc": "2.0", "id": "\xff"}', 400, -32700),
    (b"[]", 400, -32600), (b"{}", 400, -32600), ({"jsonrpc": "1.0", "id": 1, "method": "ping"}, 400, -32600),
    ([{"jsonrpc": "2.0", "id": 1, "method": "ping"}], 400, -32600),
    ({"jsonrpc": "2.0", "id": 1, "method": "resources/list"}, 200, -32601),
    ({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "nothing"}}, 200, -32602),
    ({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {}}, 200, -32602),
])  # fmt: skip
async def test_a_wrong_message_gets_the_protocols_error(program, message, status, code):
    assert (await send(program, message, status)).json()["error"]["code"] == code


async def test_an_answer_that_we_never_asked_for_is_taken(program):
    await send(program, {"jsonrpc": "2.0", "id": 1, "result": {}}, 202)


@pytest.mark.parametrize(("version", "status"), [("2025-06-18", 200), ("1900-01-01", 400), ("x", 400)])
async def test_a_revision_that_we_do_not_speak_is_refused(program, version, status):
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    await send(program, message, status, **{"MCP-Protocol-Version": version})


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_there_is_no_stream_and_no_session(program, method):
    response = await program.request(method, "/mcp")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_nobody_without_a_key_and_no_other_site_gets_in(front, browser, program):
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    for client in (await front.stranger(), browser.client):
        response = await send(client, message, 401)
        assert response.headers["www-authenticate"] == "Bearer"
    await send(program, message, 403, Origin="http://evil.example")


async def test_what_the_user_forbids_is_a_result_that_a_model_can_read(front, program, ada):
    await front.cli.call(approvals.SET, approvals.SetRule(action="tasks.add", rule="deny"), caller=ada)
    found = await call(program, "tasks_add", title="buy milk")
    assert found["isError"] is True
    assert "does not allow tasks.add" in found["content"][0]["text"]
    assert (await front.cli.call(tasks.LIST, tasks.ListTasks(), caller=ada)).tasks == ()


@pytest.mark.parametrize("verdict", ["allow", "deny"])
async def test_a_person_is_asked_where_that_is_the_rule(front, program, ada, verdict):
    await front.cli.call(approvals.SET, approvals.SetRule(action="tasks.add", rule="ask"), caller=ada)
    async with front.cli.follow(events.of_kind(approvals.ApprovalAsked.kind)) as questions:
        calling = asyncio.create_task(call(program, "tasks_add", title="buy milk"))
        asked = await questions.next()
    answer = approvals.Answer(id=asked.id, verdict=verdict)
    await front.cli.call(approvals.ANSWER, answer, caller=ada)
    assert (await calling)["isError"] is (verdict == "deny")
    listed = await front.cli.call(tasks.LIST, tasks.ListTasks(), caller=ada)
    assert len(listed.tasks) == (verdict == "allow")


async def test_one_user_acts_on_nothing_of_another(front, program, ada):
    bob = await front.program(f"bob-{ada.user}")
    task = (await call(bob, "tasks_add", title="bob's"))["structuredContent"]["task"]["id"]
    assert (await call(program, "tasks_delete", task=task))["isError"] is True
    assert (await call(bob, "tasks_list"))["structuredContent"]["tasks"][0]["title"] == "bob's"
