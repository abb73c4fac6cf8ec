"""Names of conversations, by the model and by their user, and their export."""

from __future__ import annotations

import asyncio
import contextlib
import json

import pytest
from msgspec.structs import replace

from proto import chat, errors, events, given, titles
from proto.base import Caller
from proto.kinds import happening
from services.runtime.bus import Bus
from tests.fakes.ollama import Reply, act
from tests.support.answering import answering
from tests.support.chatting import hear


@pytest.fixture
async def talk(own_nats, models_dir, ada):
    async with contextlib.AsyncExitStack() as stack:

        async def start(**settings):
            return await stack.enter_async_context(answering(own_nats, models_dir, ada, act, **settings))

        yield start


async def named(talking) -> str:
    """Wait until the conversation gets its name."""
    async with asyncio.timeout(20):
        while True:
            found = await talking.bus.journal.read(events.in_conversation(talking.caller.user, "home", "chat"))
            for each in found:
                if isinstance(what := happening(each.event), titles.Titled):
                    return what.title


async def rename(talking, title: str, caller: Caller | None = None) -> str:
    wanted = titles.Rename(conversation="home", title=title)
    return (await talking.bus.call(titles.RENAME, wanted, caller=caller or talking.caller)).title


async def export(talking, form: str, caller: Caller | None = None) -> titles.Exported:
    return await talking.bus.call(titles.EXPORT, titles.Export(form=form), caller=caller or talking.caller)


async def test_the_model_names_a_conversation_after_the_first_answer_and_only_then(talk):
    talking = await talk()
    talking.model.aside = lambda body: Reply(text='Title: "**Milk and Bread.**"\nIt is about shopping.')
    await talking.say("add buy milk to my list")
    assert await named(talking) == "Milk and Bread"
    assert (await talking.read()).title == "Milk and Bread"
    await talking.say("add bread to my list")
    await talking.say("hello")
    assert len(talking.model.asides) == 1
    (asked,) = talking.model.asides
    assert "add buy milk to my list" in asked["messages"][1]["content"]
    assert "tools" not in asked


async def test_a_name_that_its_user_gave_stays(talk):
    talking = await talk()
    come = asyncio.Event()

    def slowly(body):
        come.set()
        return Reply(text="By the model", rate=1)

    talking.model.aside = slowly
    await talking.say("hello")
    async with asyncio.timeout(20):
        await come.wait()
    assert await rename(talking, "  By  Ada ") == "By Ada"
    assert await named(talking) == "By Ada"
    await talking.say("again")
    assert (await talking.read()).title == "By Ada"


async def test_without_a_model_the_first_words_are_the_name(talk):
    talking = await talk(ollama="off")
    await talking.say("add buy milk to my list")
    assert (await talking.read()).title == "add buy milk to my list"


async def test_a_model_that_fails_to_name_leaves_the_first_words(talk):
    talking = await talk()
    talking.model.aside = lambda body: Reply(fault="status", error="out of memory")
    await talking.say("hello there")
    async with asyncio.timeout(20):
        while not talking.model.asides:
            await talking.read()
    assert (await talking.say("again")).ended.outcome == "done"
    assert (await talking.read()).title == "hello there"


async def test_a_conversation_that_its_client_keeps_gets_no_name(talk):
    talking = await talk()
    kept = given.Given(messages=(given.GivenMessage(role="user", content="hello"),))
    sent = chat.Send(conversation="home", text="hello", given=kept)
    await hear(talking.bus, talking.caller, chat.SEND, sent)
    other = replace(talking.caller, conversation="listed")
    await hear(talking.bus, other, chat.SEND, chat.Send(conversation="listed", text="good evening"))
    async with asyncio.timeout(20):
        while not talking.model.asides:
            await talking.read()
    assert ["good evening" in each["messages"][1]["content"] for each in talking.model.asides] == [True]


@pytest.mark.parametrize("title", [" ", "\0", "x" * 101])
async def test_a_name_that_is_none_is_refused(talk, title):
    talking = await talk(ollama="off")
    await talking.say("hello")
    with pytest.raises(errors.Invalid):
        await rename(talking, title)


async def test_a_conversation_is_exported_as_it_reads_and_as_a_whole(talk):
    talking = await talk(ollama="off")
    first = await talking.say("add buy milk to my list")
    await talking.again("edit", first.turn, "add oat milk to my list")
    await rename(talking, "Milk & more")
    read = await export(talking, "markdown")
    assert read.name == "milk-more.md"
    assert read.text.startswith("# Milk & more\n\n## ")
    assert "> add oat milk to my list" in read.text
    assert 'tasks.add {"title":"oat milk"}' in read.text
    assert "buy milk" not in read.text.replace("oat milk", "")
    whole = json.loads((await export(talking, "json")).text)
    assert [each["asked"] for each in whole["exchanges"]] == ["add buy milk to my list", "add oat milk to my list"]
    assert whole["reads"] == [whole["exchanges"][1]["turn"]]


async def test_markup_in_what_was_said_does_not_break_the_export(talk):
    talking = await talk(ollama="off")
    await talking.say("add ```` a fence to my list")
    text = (await export(talking, "markdown")).text
    assert "`````\ntasks.add" in text


async def test_nobody_names_or_exports_anothers_conversation(talk):
    talking = await talk(ollama="off")
    await talking.say("secret")
    bob = Caller(user="bob", conversation="home")
    with pytest.raises(errors.Missing):
        await rename(talking, "mine", bob)
    for form in ("markdown", "json"):
        with pytest.raises(errors.Missing):
            await export(talking, form, bob)
    with pytest.raises(errors.Missing):
        await export(talking, "json", replace(talking.caller, conversation="nowhere"))
    assert (await talking.read()).title == "secret"


async def test_a_name_that_comes_with_a_message_does_not_ask_the_model_twice(talk, own_nats):
    talking = await talk()
    await talking.say("hello")
    await named(talking)
    async with Bus.open(own_nats.settings("llm"), "llm") as another_worker:
        caller = replace(talking.caller, conversation="home")
        await another_worker.journal.append(events.happened(titles.Titled(title="By another"), caller))
    await talking.say("hello again")
    assert [body["messages"][-1]["content"] for body in talking.model.chats] == ["hello", "hello again"]
    assert (await talking.read()).title == "By another"
