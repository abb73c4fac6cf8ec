"""Conversations of other programs come in as they were, once, and can be taken back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from proto import chat, documents, errors, events, imports, titles, undo
from proto.choices import RATE, Rate
from proto.memory import CONVERSATIONS, ListConversations
from services.runtime.bus import Bus
from services.undo.main import serve
from services.undo.settings import UndoSettings
from tests.integration.memory_parts import around
from tests.support.answering import answering
from tests.support.chatting import hear
from tests.support.running import running

pytest_plugins = ("tests.integration.memory_fixtures",)

BEGAN = datetime(2025, 3, 1, 12, tzinfo=UTC)


def message(number, parent, role):
    return {
        "id": str(number),
        "parentId": None if parent is None else str(parent),
        "role": role,
        "content": f"message {number}",
        "timestamp": (BEGAN + timedelta(minutes=number)).timestamp(),
        "model": "llama",
    }


def chats(count=1, messages=2, name="w"):
    """An export of Open WebUI, of chats in which one message follows the other."""
    said = [message(n, n - 1 if n else None, ("user", "assistant")[n % 2]) for n in range(messages)]
    return [chat_of(f"{name}{number}", f"Chat {number}", said) for number in range(count)]


def chat_of(name, title, said):
    return {"id": name, "title": title, "chat": {"history": {"messages": {each["id"]: each for each in said}}}}


@pytest.fixture
async def person(own_nats, models_dir, ada):
    async with (
        answering(own_nats, models_dir, ada) as talk,
        Bus.open(own_nats.settings("undo"), "undo") as bus,
        running(serve, UndoSettings(), bus),
    ):
        yield talk


async def kept(person, found):
    content = found if isinstance(found, bytes) else json.dumps(found).encode()

    async def pieces():
        yield content

    return (await person.bus.objects(documents.FILES).put(person.caller.user, pieces(), limit=10**8)).sha256


async def bring(person, found, **caller):
    wanted = imports.ImportFile(file=await kept(person, found), name="chats.json")
    return await person.bus.call(imports.IMPORT, wanted, caller=replace(person.caller, **caller), timeout=60)


async def log(person, *kinds):
    found = await person.bus.journal.read(events.of_user(person.caller.user))
    return [each.event for each in found if not kinds or each.event.kind in kinds]


async def read(person, conversation):
    return await person.bus.call(chat.READ, chat.Read(conversation=conversation), caller=person.caller)


async def only(person):
    return (await log(person, titles.Titled.kind))[0].conversation


async def test_a_conversation_comes_in_with_its_times_versions_and_title_and_nobody_answers_it(person):
    said = [message(0, None, "user"), message(1, 0, "assistant"), message(2, 0, "assistant"), message(3, 1, "user")]
    done = await bring(person, [chat_of("w", "Bread", said)])
    assert done.sentence == "Imported 1 conversation from Open WebUI, with 6 messages."
    shown = await read(person, await only(person))
    assert shown.title == "Bread"
    first, second = shown.exchanges
    assert (first.asked, first.answer, first.time, first.model, first.source) == (
        *("message 0", "message 1", BEGAN, "llama"),
        "Open WebUI",
    )
    assert len(first.versions) == 2
    assert (second.asked, second.answer, second.outcome) == ("message 3", "", "stopped")
    assert person.model.chats == []
    kinds = {each.kind for each in await log(person)}
    assert kinds == {"chat.enquired", "chat.replied", "chat.titled", "chat.selected", "conversation.imported"}


async def test_an_imported_conversation_goes_on_here(person):
    await bring(person, chats())
    conversation = await only(person)
    inside = replace(person.caller, conversation=conversation)
    heard = await hear(person.bus, inside, chat.SEND, chat.Send(conversation=conversation, text="and now?"))
    assert heard.ended.outcome == "done"
    told = [each["content"] for each in person.model.chats[-1]["messages"]]
    assert {"message 0", "message 1"} <= set(told)
    assert len((await read(person, conversation)).exchanges) == 2


async def test_what_was_imported_before_is_recognised_and_only_what_is_new_comes_in(person):
    await bring(person, chats(count=3))
    before = await log(person)
    again = await bring(person, chats(count=3))
    assert (again.conversations, again.known, again.event) == (0, 3, "")
    assert again.sentence == "3 conversations were here already."
    assert await log(person) == before
    grown = [*chats(count=1, messages=3), *chats(count=2, name="x")]
    more = await bring(person, grown)
    assert (more.conversations, more.messages, more.known) == (3, 2 + 4, 0)
    assert [each.asked for each in (await read(person, before[0].conversation)).exchanges] == ["message 0", "message 2"]


async def test_an_import_is_taken_back_and_done_again_as_one(person):
    await bring(person, chats(count=3))
    undone = await person.bus.call(undo.LAST, undo.UndoLast(), caller=person.caller)
    assert undone.sentence == "Undid: Imported 3 conversations from Open WebUI ('chats.json')"
    assert len(await log(person, "conversation.shelved")) == 3
    again = await person.bus.call(undo.REDO, undo.Redo(), caller=person.caller)
    assert again.sentence.startswith("Did again: Imported 3 conversations")
    await person.bus.call(undo.LAST, undo.UndoLast(), caller=person.caller)
    assert (await bring(person, chats(count=3))).conversations == 3


async def test_a_long_conversation_comes_in_whole_and_many_at_once(person):
    done = await bring(person, [*chats(messages=2502), *chats(count=200, name="many")])
    assert (done.conversations, done.messages) == (201, 2502 + 400)
    assert len((await read(person, await only(person))).exchanges) == 1251


@pytest.mark.parametrize("content", [b"nothing", b"[]", b'[{"mapping": {"a": {"message": 3}}}]'])
async def test_a_file_that_cannot_be_read_leaves_nothing(person, content):
    with pytest.raises(errors.Invalid):
        await bring(person, content)
    assert await log(person) == []


async def test_a_file_of_somebody_else_is_not_reached(person):
    sha256 = await kept(person, chats())
    with pytest.raises(errors.Missing):
        await person.bus.call(
            imports.IMPORT, imports.ImportFile(file=sha256), caller=replace(person.caller, user="eve")
        )


async def test_ones_own_export_is_known_here_and_comes_in_elsewhere(person):
    await person.say("add eggs to my list")
    wanted = titles.Export(conversation="home", form="json")
    made = (await person.bus.call(titles.EXPORT, wanted, caller=person.caller)).text.encode()
    assert (await bring(person, made)).known == 1
    person.caller = replace(person.caller, user="bob")
    assert (await bring(person, made)).conversations == 1
    (exchange,) = (await read(person, "home")).exchanges
    assert (exchange.asked, exchange.source) == ("add eggs to my list", "Daimon")
    assert "tasks.add" in exchange.answer


async def test_an_imported_answer_can_be_rated(person):
    await bring(person, chats())
    conversation = await only(person)
    turn = (await read(person, conversation)).exchanges[0].turn
    rated = Rate(turn=turn, worth="up")
    assert (await person.bus.call(RATE, rated, caller=person.caller)).worth == "up"


async def test_imported_conversations_stand_in_the_list_at_their_time(person, own_nats, memory_postgres):
    async with around(own_nats) as daimon, daimon.remembering(await memory_postgres.database()):
        await bring(person, chats(messages=2))
        await daimon.projected((await person.bus.journal.last(events.ALL)).sequence)
        (line,) = (await person.bus.call(CONVERSATIONS, ListConversations(), caller=person.caller)).conversations
        assert (line.title, line.time, line.exchanges) == ("Chat 0", BEGAN + timedelta(minutes=1), 1)
        await person.bus.call(undo.LAST, undo.UndoLast(), caller=person.caller)
        await daimon.projected((await person.bus.journal.last(events.ALL)).sequence)
        left = await person.bus.call(CONVERSATIONS, ListConversations(shelf="open"), caller=person.caller)
        assert left.conversations == ()
