"""Two Ollama servers: a model is asked of the one that has it, and one that is down does not take the other with it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from proto import llm, models
from proto.base import Nothing
from proto.errors import Missing
from services.llm.models.model import Message, ModelFailed, ModelMissing, ModelUnreachable, Prompt, TextPart
from services.llm.models.servers import Servers, listed
from tests.fakes.ollama import FakeModel, FakeOllama, Reply
from tests.support.answering import answering

CHATS = FakeModel(capabilities=("completion", "tools"), continues=True)
EMBEDS = FakeModel(capabilities=("embedding",))


@contextlib.asynccontextmanager
async def two() -> AsyncIterator[tuple[FakeOllama, FakeOllama, Servers]]:
    async with (
        FakeOllama(lambda _: Reply(text="From one."), models={"both:latest": CHATS, "one:latest": CHATS}) as one,
        FakeOllama(
            lambda _: Reply(text="From two."),
            models={"both:latest": CHATS, "two:latest": CHATS, "embeds:latest": EMBEDS},
        ) as other,
        contextlib.aclosing(Servers(f"{one.url}, {other.url}", "", stall_timeout=10.0)) as servers,
    ):
        yield one, other, servers


def prompt(model: str) -> Prompt:
    return Prompt(messages=(Message(role="user", content="hi"),), num_ctx=4096, model=model)


async def said(servers: Servers, model: str) -> str:
    async with aclosing(servers.reply(prompt(model))) as parts:
        return "".join([part.text async for part in parts if isinstance(part, TextPart)])


async def end(server: FakeOllama) -> None:
    """Let a server die."""
    server.server.close()
    for connection in tuple(server.connections.open):
        connection.transport.abort()
    await server.connections.until(0)


async def test_a_model_is_asked_of_the_first_server_that_has_it():
    async with two() as (_, _, servers):
        assert await said(servers, "both") == "From one."
        assert await said(servers, "two") == "From two."
        assert await said(servers, "") == "From one."


async def test_when_a_server_dies_the_other_answers_for_it_and_the_list_names_the_dead_one():
    async with two() as (one, _, servers):
        assert await said(servers, "both") == "From one."
        await end(one)
        assert await said(servers, "both") == "From two."
        assert await said(servers, "") == "From two."
        assert await servers.problem() == ""
        found = await servers.models()
        assert [line.name for line in found.models] == ["both:latest", "two:latest"]
        assert one.url in found.problem
        with pytest.raises(ModelMissing, match=f"{one.url} does not answer"):
            await said(servers, "one")


async def test_when_all_are_down_the_sentence_names_them_all():
    async with two() as (one, other, servers):
        await end(one)
        await end(other)
        with pytest.raises(ModelUnreachable, match=f"{one.url} or {other.url}"):
            await said(servers, "both")
        assert other.url in await servers.problem()


async def test_a_server_without_memory_for_a_model_leaves_it_to_the_next():
    async with two() as (one, _, servers):
        one.script = lambda _: Reply(fault="status", error="out of memory")
        assert await said(servers, "both") == "From two."
        with pytest.raises(ModelFailed, match="out of memory"):
            await said(servers, "one")


async def test_an_answer_that_has_begun_is_not_begun_again_elsewhere():
    async with two() as (one, other, servers):
        one.script = lambda _: Reply(text="a b c d", fault="error_line", after=2, error="out of memory")
        with pytest.raises(ModelFailed, match="out of memory"):
            await said(servers, "both")
        assert other.chats == []


async def test_stopping_closes_the_connection_to_the_server_that_writes():
    async with two() as (_one, other, servers):
        other.script = lambda _: Reply(text=(" word",) * 10_000, rate=200)
        parts = servers.reply(prompt("two"))
        assert isinstance(await anext(parts), TextPart)
        await servers.aclose()
        await other.connections.until(1)
        await parts.aclose()
        async with asyncio.timeout(10):
            await other.connections.until(0)


async def test_whether_a_model_goes_on_is_tried_on_its_server_and_its_vectors_come_from_there():
    async with two() as (one, other, servers):
        assert await servers.continues("two", 4096)
        assert "/api/chat" not in {body["path"] for body in one.requests}
        assert await servers.embed(["one"], "embeds") == await servers.embed(["one"], "embeds:latest")
        await end(one)
        assert await servers.continues("both", 4096)
        assert [body["model"] for body in other.requests if body["path"] == "/api/chat"] == ["two", "both"]


async def test_models_are_got_and_removed_where_it_is_said_or_on_the_first_server():
    async with two() as (one, other, servers):
        async for _ in servers.pull("fresh"):
            pass
        async for _ in servers.pull("fresh", other.url.removeprefix("http://")):
            pass
        assert "fresh:latest" in one.models
        assert "fresh:latest" in other.models
        await servers.delete("fresh", other.url)
        assert "fresh:latest" in one.models
        await servers.delete("two")
        assert {"fresh:latest", "two:latest"}.isdisjoint(other.models)
        with pytest.raises(Missing, match=f"{one.url}, {other.url}"):
            await servers.delete("both", "http://elsewhere:1")


def test_addresses_stand_with_commas_between_and_count_once():
    assert listed("http://a:1/, b:2 ,http://a:1") == ("http://a:1", "b:2")


async def test_a_conversation_goes_on_when_one_of_the_servers_dies_in_between(own_nats, models_dir, ada):
    async with two() as (one, other, _), answering(own_nats, models_dir, ada, ollama=f"{one.url},{other.url}") as talk:
        assert (await talk.say("hello")).ended.answer == "From one."
        found = await talk.bus.call(llm.MODELS, Nothing(), caller=talk.caller)
        assert {line.server for line in found.models} == {one.url, other.url}
        await end(one)
        assert (await talk.say("hello")).ended.answer == "From two."
        await talk.bus.call(models.DELETE, models.Delete(model="two", server=other.url), caller=talk.caller)
        assert "two:latest" not in other.models
