"""The Ollama adapter against a server that speaks Ollama's HTTP API."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import pytest

from services.llm.models.model import (
    BadCall,
    Finished,
    Message,
    ModelBroke,
    ModelError,
    ModelFailed,
    ModelMissing,
    ModelStalled,
    ModelUnreachable,
    Part,
    Prompt,
    TextPart,
    ThoughtPart,
    Tool,
    ToolCall,
)
from services.llm.models.ollama import Ollama
from tests.fakes.ollama import FakeModel, FakeOllama, Reply, act

ADD = Tool(
    name="tasks.add",
    description="Add a task.",
    schema={"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]},
)


def prompt(*messages: Message, model: str = "small", tools: tuple[Tool, ...] = (ADD,)) -> Prompt:
    return Prompt(messages=messages or (Message(role="user", content="hi"),), tools=tools, num_ctx=4096, model=model)


async def answer(model: Ollama, asked: Prompt) -> list[Part]:
    async with aclosing(model.reply(asked)) as parts:
        return [part async for part in parts]


async def read_into(shown: list[Part], parts: AsyncGenerator[Part, None]) -> None:
    while True:
        shown.append(await anext(parts))


def text(parts: list[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, TextPart))


@contextlib.asynccontextmanager
async def connected(server: FakeOllama, stall: float = 10.0) -> AsyncIterator[Ollama]:
    model = Ollama(server.url, stall_timeout=stall)
    try:
        yield model
    finally:
        await model.aclose()


@pytest.mark.parametrize(("name", "tokens"), [("small", 3), ("plain", 8)], ids=["native", "held to JSON"])
async def test_an_answer_streams_as_it_is_written_and_ends_with_its_counts(name: str, tokens: int) -> None:
    replies = [Reply(text="One two three.", prompt_tokens=11, rate=5)]
    async with FakeOllama(replies) as server, connected(server) as model:
        *parts, finished = await answer(model, prompt(model=name))
        assert text(parts) == "One two three."
        assert len(parts) > 1
        assert finished == Finished(reason="stop", prompt_tokens=11, answer_tokens=tokens)
        assert server.chats[0]["options"]["num_ctx"] == 4096
        assert server.chats[0]["keep_alive"] == "30m"


async def test_a_native_call_comes_back_under_the_menus_name_and_its_result_is_answered() -> None:
    async with FakeOllama(act) as server, connected(server) as model:
        said = Message(role="user", content="Add buy milk to my list.")
        call, *_ = await answer(model, prompt(said))
        assert isinstance(call, ToolCall)
        assert (call.action, call.arguments) == ("tasks.add", {"title": "buy milk"})
        result = Message(role="tool", name="tasks.add", call=call.id, content="Added task 'buy milk'")
        parts = await answer(model, prompt(said, Message(role="assistant", calls=(call,)), result))
        assert text(parts) == "Done: Added task 'buy milk'"


async def test_a_model_without_tools_is_held_to_the_schema_and_its_answer_still_streams() -> None:
    async with FakeOllama(act) as server, connected(server) as model:
        said = Message(role="user", content="add buy milk to my list")
        call, finished = await answer(model, prompt(said, model="plain"))
        assert isinstance(call, ToolCall)
        assert (call.action, call.arguments) == ("tasks.add", {"title": "buy milk"})
        assert isinstance(finished, Finished)
        assert "tools" not in server.chats[0]
        result = Message(role="tool", name="tasks.add", content='Added "buy milk"')
        parts = await answer(model, prompt(said, Message(role="assistant", calls=(call,)), result, model="plain"))
        assert text(parts) == 'Done: Added "buy milk"'


async def test_a_broken_call_of_a_held_model_is_a_bad_call() -> None:
    replies = [Reply(text='{"action": "tasks.add", "parameters": {"title": "bu', raw=True, reason="length")]
    async with FakeOllama(replies) as server, connected(server) as model:
        bad, finished = await answer(model, prompt(model="plain"))
        assert isinstance(bad, BadCall)
        assert bad.text.endswith('"bu')
        assert isinstance(finished, Finished)
        assert finished.reason == "length"


async def test_thoughts_are_kept_apart_from_the_answer() -> None:
    async with FakeOllama([Reply(thinking="Well then.", text="Yes.")]) as server, connected(server) as model:
        parts = await answer(model, prompt())
        assert [type(part) for part in parts] == [ThoughtPart, ThoughtPart, TextPart, Finished]


async def test_closing_the_answer_closes_the_connection_while_the_model_writes() -> None:
    endless = Reply(text=(" word",) * 10_000, rate=200)
    async with FakeOllama([endless]) as server, connected(server) as model:
        parts = model.reply(prompt(tools=()))
        assert isinstance(await anext(parts), TextPart)
        await model.aclose()  # the idle connection of the questions asked before
        await server.connections.until(1)
        await parts.aclose()
        async with asyncio.timeout(20):
            await server.connections.until(0)


async def test_answers_one_after_another_come_on_one_connection() -> None:
    async with FakeOllama([Reply(text="One."), Reply(text="Two.")]) as server, connected(server) as model:
        assert text(await answer(model, prompt())) == "One."
        (first,) = server.connections.asked
        assert text(await answer(model, prompt())) == "Two."
        assert server.connections.asked == {first}


async def test_a_kept_connection_that_the_server_closes_meanwhile_costs_no_answer() -> None:
    async with FakeOllama([Reply(text="One."), Reply(text="Two.")]) as server, connected(server) as model:
        assert text(await answer(model, prompt())) == "One."
        for connection in server.connections.asked:
            # It answers the next request by closing, as a server does whose patience ended at that very moment.
            connection.closing = True
        assert text(await answer(model, prompt())) == "Two."


async def test_cancelling_the_answer_closes_the_connection_while_the_model_is_silent() -> None:
    async with FakeOllama([Reply(fault="hang")]) as server, connected(server) as model:
        assert await model.problem() == ""
        await model.aclose()
        await server.connections.until(0)
        waiting = asyncio.create_task(answer(model, prompt()))
        await server.connections.until(1)
        waiting.cancel()
        async with asyncio.timeout(20):
            await server.connections.until(0)
        with pytest.raises(asyncio.CancelledError):
            await waiting


FAULTS: list[tuple[Reply, type[ModelError], str]] = [
    (Reply(fault="status", error="CUDA error: out of memory"), ModelFailed, "CUDA error: out of memory"),
    (Reply(fault="status", status=503, error="server busy"), ModelFailed, "server busy"),
    (Reply(text="a b c d", fault="error_line", after=2, error="out of memory"), ModelFailed, "out of memory"),
    (Reply(text="a b c d", fault="die", after=2), ModelBroke, "ask again"),
    (Reply(text="a b c d", fault="broken_line", after=2), ModelBroke, "ask again"),
    (Reply(text="a b c d", fault="hang", after=2), ModelStalled, "0.2 seconds"),
    (Reply(fault="hang"), ModelStalled, "0.2 seconds"),
]


@pytest.mark.parametrize(("reply", "kind", "says"), FAULTS, ids=lambda value: getattr(value, "fault", None))
@pytest.mark.parametrize("name", ["small", "plain"])
async def test_every_way_to_fail_is_a_sentence_that_says_what_to_do(
    reply: Reply, kind: type[ModelError], says: str, name: str
) -> None:
    async with FakeOllama([reply]) as server, connected(server, stall=0.2) as model:
        with pytest.raises(kind, match=says):
            await answer(model, prompt(model=name))


async def test_what_came_before_the_connection_died_has_been_shown() -> None:
    async with FakeOllama([Reply(text="a b c d", fault="die", after=2)]) as server, connected(server) as model:
        shown: list[Part] = []
        with pytest.raises(ModelBroke):
            await read_into(shown, model.reply(prompt(tools=())))
        assert text(shown) == "a b"


async def test_a_missing_model_says_how_to_get_it() -> None:
    async with FakeOllama() as server, connected(server) as model:
        with pytest.raises(ModelMissing, match="ollama pull nowhere"):
            await answer(model, prompt(model="nowhere"))


async def test_a_server_that_is_not_there_says_how_to_start_it() -> None:
    async with FakeOllama() as server:
        gone = server.url
    model = Ollama(gone, "small")
    with pytest.raises(ModelUnreachable, match="ollama serve"):
        await answer(model, prompt())
    with pytest.raises(ModelUnreachable, match=gone):
        await model.version()
    assert "ollama serve" in await model.problem()


async def test_a_port_that_does_not_speak_http_is_a_broken_answer() -> None:
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
        model = Ollama(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", "small")
        with pytest.raises(ModelBroke):
            await model.version()
        assert await model.problem()


async def test_what_a_model_can_do_is_asked_once_and_again_when_its_digest_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with FakeOllama() as server, connected(server) as model:
        for _ in range(3):
            await answer(model, prompt())
        assert [body["path"] for body in server.requests].count("/api/show") == 1
        server.models["small:latest"] = FakeModel(capabilities=("completion",))
        monkeypatch.setattr("services.llm.models.ollama.TRUSTED", 0.0)
        await answer(model, prompt())
        assert "format" in server.chats[-1]


async def test_without_a_name_the_first_model_that_chats_is_taken() -> None:
    models = {"embedder:latest": FakeModel(capabilities=("embedding",)), "chatty:1b": FakeModel()}
    async with FakeOllama(models=models) as server, connected(server) as model:
        await answer(model, prompt(model=""))
        assert server.chats[0]["model"] == "chatty:1b"
        assert model.name == "chatty:1b"


async def test_an_empty_server_says_to_pull_a_model() -> None:
    async with FakeOllama(models={}) as server, connected(server) as model:
        assert "ollama pull" in await model.problem()


async def test_models_are_listed_shown_pulled_and_deleted() -> None:
    async with FakeOllama() as server, connected(server) as model:
        assert {entry.name for entry in await model.models()} == {"small:latest", "plain:latest", "all-minilm:latest"}
        shown = await model.show("plain")
        assert shown.context_length == 4096
        assert shown.capabilities == {"completion"}
        steps = [step async for step in model.pull("new:1b")]
        assert steps[-1].status == "success"
        assert any(step.completed == step.total > 0 for step in steps)
        await model.delete("new:1b")
        with pytest.raises(ModelMissing):
            await model.delete("new:1b")


async def test_loaded_models_and_the_version_are_told() -> None:
    async with FakeOllama() as server, connected(server) as model:
        assert await model.running() == ()
        await answer(model, prompt())
        (loaded,) = await model.running()
        assert (loaded.name, loaded.context_length) == ("small:latest", 8192)
        assert await model.version() == "0.12.6"


async def test_texts_are_embedded_in_order() -> None:
    async with FakeOllama() as server, connected(server) as model:
        one, two = await model.embed(["one", "two"], "all-minilm")
        assert list(one) != list(two)
        (again,) = await model.embed(["one"], "all-minilm")
        assert list(again) == list(one)


async def test_the_server_runs_in_a_process_of_its_own() -> None:
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.ollama", "--port", "0", "--tokens", "5", stdout=asyncio.subprocess.PIPE
    )
    assert started.stdout is not None
    model = Ollama((await started.stdout.readline()).decode().strip())
    try:
        assert text(await answer(model, prompt())) == " token0 token1 token2 token3 token4"
    finally:
        await model.aclose()
        os.kill(started.pid, signal.SIGTERM)
        await started.wait()
