"""What a monitoring system and a curious program read: numbers, traces, the description of the interface."""

from __future__ import annotations

import logging
import re

import httpx
import pytest

from services.gateway.main import serve
from services.gateway.settings import GatewaySettings
from services.runtime import log
from tests.fakes.ollama import Reply
from tests.support.servers import free_port

pytest_plugins = ("tests.integration.gateway_fixtures",)

SAMPLE = re.compile(r'[a-z_]+(\{([a-z]+="(\\.|[^"\\])*",?)+\})? -?[0-9.e+-]+')


async def owners(front) -> httpx.AsyncClient:
    """A program with an owner's key."""
    program = await front.program("owner")
    assert (await program.get("/metrics")).status_code == 200
    return program


def value(text: str, sample: str) -> float:
    found = re.search(rf"^{re.escape(sample)} (\S+)$", text, re.MULTILINE)
    assert found, sample
    return float(found[1])


async def test_the_numbers_are_in_the_form_that_prometheus_reads(front):
    answer = await (await owners(front)).get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    for line in answer.text.splitlines():
        assert line.startswith(("# HELP ", "# TYPE ")) or SAMPLE.fullmatch(line), line
    typed = re.findall(r"^# TYPE (\S+)", answer.text, re.MULTILINE)
    assert len(typed) == len(set(typed))
    assert "daimon_queue_depth" in typed


async def test_requests_turns_and_tokens_are_counted(front, program, script):
    script(lambda _: Reply(text="one two three", prompt_tokens=11))
    reader = await owners(front)
    before = (await reader.get("/metrics")).text
    asked = {"messages": [{"role": "user", "content": "hello"}]}
    assert (await program.post("/v1/chat/completions", json=asked)).status_code == 200
    samples = {
        'daimon_turns_total{outcome="done"}': 1,
        'daimon_tokens_total{kind="prompt"}': 11,
        'daimon_tokens_total{kind="answer"}': 3,
        "daimon_turn_seconds_count": 1,
    }
    after = (await reader.get("/metrics")).text
    while value(after, "daimon_turn_seconds_count") == value(before, "daimon_turn_seconds_count"):
        after = (await reader.get("/metrics")).text
    assert {sample: value(after, sample) - value(before, sample) for sample in samples} == samples
    assert value(after, 'daimon_http_requests_total{method="POST",route="/v1/chat/completions",status="200"}') >= 1
    assert value(after, 'daimon_queue_depth{queue="turns"}') >= 0


async def test_the_numbers_name_no_address_and_no_user(front, program, ada):
    await program.get("/api/conversations/very-private-thing")
    text = (await (await owners(front)).get("/metrics")).text
    assert "very-private-thing" not in text
    assert ada.user not in text


async def test_only_an_owner_reads_the_numbers(front, program, browser):
    assert (await program.get("/metrics")).status_code == 403
    assert (await browser.client.get("/metrics")).status_code == 401


@pytest.mark.parametrize(("origin", "status"), [("", 200), ("https://daimon.example", 401)])
async def test_this_machine_may_read_them_where_that_is_set_and_no_proxy_stands_before(own_front, origin, status):
    port = free_port()
    settings = GatewaySettings(port=port, metrics="loopback", origin=origin)
    await own_front.start("open", serve, settings, role="gateway")
    client = await own_front.stranger(f"http://127.0.0.1:{port}")
    assert (await client.get("/metrics")).status_code == status
    assert (await client.post("/metrics")).status_code in {403, 404}


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(("header", "kept"), [
    (f"00-{TRACE}-00f067aa0ba902b7-01", True), (f"00-{TRACE}-0000000000000000-01", False),
    ("nonsense", False), ("", False),
])  # fmt: skip
async def test_a_trace_goes_on_through_the_services(program, header, kept):
    traces: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if getattr(record, "action", "") == "chat.send.refused":
                traces.append(log.trace.get())

    listener, logger = Listener(), logging.getLogger("daimon.llm")
    logger.addHandler(listener)
    before = logger.level
    logger.setLevel(logging.INFO)
    try:
        # What the gateway lets through and the llm service refuses.
        body = {"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [
            {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{"}}]}]}  # fmt: skip
        await program.post("/v1/chat/completions", json=body, headers={"traceparent": header})
    finally:
        logger.removeHandler(listener)
        logger.setLevel(before)
    (trace,) = traces
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", trace)
    assert (TRACE in trace) is kept
    assert "00f067aa0ba902b7" not in trace


async def test_the_interface_describes_itself(program, browser):
    found = (await program.get("/openapi.json")).json()
    assert found == (await browser.client.get("/openapi.json")).json()
    assert found["openapi"].startswith("3.1")
    refs = set(re.findall(r'"#/components/schemas/([^"]+)"', str(found).replace("'", '"')))
    assert refs <= set(found["components"]["schemas"])
    assert {"ChatRequest", "Told", "Problem"} <= refs
    for path, operations in found["paths"].items():
        for operation in operations.values():
            named = {place["name"] for place in operation["parameters"] if place["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))
            assert operation["summary"]
    ids = [operation["operationId"] for operations in found["paths"].values() for operation in operations.values()]
    assert len(ids) == len(set(ids))
