"""Conversations in their user's list: pinned, tagged, archived, deleted, found, and all of it taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from proto import chat, errors, events, marks, memory, titles, undo
from proto.base import Caller
from proto.events import happened
from services.runtime.bus import Bus
from services.undo.main import serve as serve_undo
from services.undo.settings import UndoSettings
from tests.integration.memory_parts import Daimon
from tests.support.answering import answering
from tests.support.running import running

pytest_plugins = ("tests.integration.memory_fixtures",)


@pytest.fixture
async def talk(own_nats, models_dir, ada):
    async with answering(own_nats, models_dir, ada) as talking:
        yield talking


async def mark(talking, call, caller: Caller | None = None, **request: object) -> marks.Marked:
    asked = call.request(conversation="home", **request)
    return await talking.bus.call(call, asked, caller=caller or talking.caller)


async def test_a_conversation_is_marked_and_each_mark_taken_back_by_the_undo_line(talk, own_nats):
    await talk.say("hello")
    async with Bus.open(own_nats.settings("undo"), "undo") as bus, running(serve_undo, UndoSettings(), bus):
        assert (await mark(talk, marks.PIN)).marks == marks.Marks(pinned=True)
        assert (await mark(talk, marks.LABEL, tags=("work", " two  words ", "work"))).marks.tags == (
            "work",
            "two words",
        )
        assert (await mark(talk, marks.ARCHIVE)).marks.shelf == "archived"
        last = await mark(talk, marks.DELETE)
        assert last.marks == marks.Marks(pinned=True, archived=True, deleted=True, tags=("work", "two words"))
        undone = await talk.bus.call(undo.LAST, undo.UndoLast(count=4), caller=talk.caller)
        assert undone.steps[-1].sentence.startswith("Pinned the conversation '")
        assert (await mark(talk, marks.PIN, pinned=False)) == marks.Marked(marks=marks.Marks())
        await talk.bus.call(undo.REDO, undo.Redo(), caller=talk.caller)
        assert (await mark(talk, marks.PIN)).event == ""


async def test_the_same_request_marks_once(talk):
    await talk.say("hello")
    keyed = replace(talk.caller, key="twice")
    first = await mark(talk, marks.PIN, keyed)
    await mark(talk, marks.PIN, pinned=False)
    assert (await mark(talk, marks.PIN, keyed)).event == first.event
    found = await talk.bus.journal.read(events.of_noun(marks.NOUN, talk.caller.user))
    assert [one.event.sentence.partition(" ")[0] for one in found] == ["Pinned", "Unpinned"]


async def test_what_nobody_said_anything_in_cannot_be_marked_nor_can_anothers(talk):
    await talk.say("hello")
    for caller in (talk.caller, Caller(user="somebody-else")):
        asked = marks.Delete(conversation="home" if caller != talk.caller else "elsewhere")
        with pytest.raises(errors.Missing, match="no conversation"):
            await talk.bus.call(marks.DELETE, asked, caller=caller)


async def listed(daimon: Daimon, ada: Caller, **wanted: object) -> list[str]:
    found = await daimon.cli.call(memory.CONVERSATIONS, memory.ListConversations(**wanted), caller=ada)
    return [line.id for line in found.conversations]


async def test_the_list_is_by_shelf_pin_tag_and_words(daimon, ada):
    began = datetime(2026, 1, 1, tzinfo=UTC)
    for number, name in enumerate(("bread", "100% rye", "tea_time", "bike")):
        here = replace(ada, conversation=name)
        event = happened(chat.Asked(text=f"About {name}?"), here)
        await daimon.append(replace(event, time=began + timedelta(hours=number)))
    for name, what in (
        ("bread", marks.Pinned(conversation="bread", title="x", pinned=True)),
        ("100% rye", marks.Labelled(conversation="100% rye", title="x", before=(), tags=("kitchen", "north wind"))),
        ("tea_time", marks.Archived(conversation="tea_time", title="x", archived=True)),
        ("bike", marks.Deleted(conversation="bike", title="x", deleted=True)),
        ("bike", titles.Titled(title="My bicycle")),
    ):
        _, place = await daimon.record(what, replace(ada, conversation=name))
    await daimon.projected(place)
    assert await listed(daimon, ada) == ["bike", "tea_time", "100% rye", "bread"]
    assert await listed(daimon, ada, shelf="open") == ["100% rye", "bread"]
    assert await listed(daimon, ada, shelf="open", pinned=True) == ["bread"]
    assert await listed(daimon, ada, shelf="open", pinned=False) == ["100% rye"]
    assert await listed(daimon, ada, shelf="archived") == ["tea_time"]
    assert await listed(daimon, ada, shelf="deleted") == ["bike"]
    assert await listed(daimon, ada, tag="north wind") == ["100% rye"]
    assert await listed(daimon, ada, words="ABOUT rea") == ["bread"]
    assert await listed(daimon, ada, words="north kitch") == ["100% rye"]
    assert await listed(daimon, ada, words="%") == ["100% rye"]
    assert await listed(daimon, ada, words="_") == ["tea_time"]
    assert await listed(daimon, ada, words="\\") == []
    rows = await daimon.sql("SELECT id FROM conversations WHERE 'kitchen' = ANY (tags) OR pinned ORDER BY id", ada)
    assert rows.rows == (("100% rye",), ("bread",))
