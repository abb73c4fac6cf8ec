"""Reading back, page by page."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import msgspec
import pytest

from proto import chat, errors, memory, tasks
from proto.events import happened

pytest_plugins = ("tests.integration.memory_fixtures",)


async def recent(daimon, caller, **options) -> list:
    found = await daimon.cli.call(memory.RECENT, memory.Recent(**options), caller=caller)
    return list(found.events)


async def test_events_come_back_as_they_were_newest_first(daimon, ada):
    here = msgspec.structs.replace(ada, conversation="c1", cause="e1", actor="model")
    first = happened(tasks.TaskAdded(task="t1", title="buy milk"), here)
    second = happened(tasks.TaskAdded(task="t2", title="call mum"), ada)
    await daimon.append(first)
    await daimon.projected(await daimon.append(second))
    found = await recent(daimon, ada)
    assert [event.id for event in found] == [second.id, first.id]
    assert msgspec.structs.replace(found[1], data=first.data) == first
    assert msgspec.json.decode(found[1].data) == msgspec.json.decode(first.data)


async def test_pages_are_without_gap_and_overlap(daimon, ada):
    for number in range(7):
        _, sequence = await daimon.record(tasks.TaskAdded(task=f"t{number}", title="x"), ada)
    await daimon.projected(sequence)
    whole = [event.id for event in await recent(daimon, ada)]
    pages, before = [], ""
    while page := await recent(daimon, ada, before=before, limit=3):
        pages.append([event.id for event in page])
        before = page[-1].id
    assert [len(page) for page in pages] == [3, 3, 1]
    assert list(itertools.chain(*pages)) == whole


async def test_kinds_and_nouns_narrow_what_is_read(daimon, ada):
    await daimon.record(tasks.TaskAdded(task="t", title="x"), ada)
    await daimon.record(tasks.TaskCompleted(task="t", title="x"), ada)
    _, sequence = await daimon.record(chat.Asked(text="x"), ada)
    await daimon.projected(sequence)
    assert [event.kind for event in await recent(daimon, ada, kinds=("task",))] == ["task.completed", "task.added"]
    assert [event.kind for event in await recent(daimon, ada, kinds=("task.added", "chat"))] == [
        "chat.asked",
        "task.added",
    ]


@pytest.mark.parametrize("before", ["nonsense", "0190c0de-0000-7000-8000-000000000000"])
async def test_a_page_before_nothing_is_an_error(daimon, ada, before):
    with pytest.raises(errors.Missing, match=f"There is no event {before} to read back from"):
        await recent(daimon, ada, before=before)


async def test_the_event_of_another_is_no_place_to_read_from(daimon, ada):
    event, sequence = await daimon.record(
        tasks.TaskAdded(task="t", title="x"), msgspec.structs.replace(ada, user=f"{ada.user}-not")
    )
    await daimon.projected(sequence)
    with pytest.raises(errors.Missing):
        await recent(daimon, ada, before=event)


async def test_conversations_of_the_same_moment_are_not_lost_between_pages(daimon, ada):
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(5):
        event = happened(
            chat.Asked(text=f"Question {number}?"), msgspec.structs.replace(ada, conversation=f"c{number}")
        )
        sequence = await daimon.append(msgspec.structs.replace(event, time=moment))
    await daimon.projected(sequence)
    found, ask = [], memory.ListConversations(limit=2)
    while page := (await daimon.cli.call(memory.CONVERSATIONS, ask, caller=ada)).conversations:
        found += [line.title for line in page]
        ask = memory.ListConversations(limit=2, before=page[-1].time, before_id=page[-1].id)
    assert found == [f"Question {number}" for number in (4, 3, 2, 1, 0)]


async def test_the_conversation_with_the_last_message_is_first(daimon, ada):
    for name in ("c1", "c2", "c1"):
        here = msgspec.structs.replace(ada, conversation=name)
        _, sequence = await daimon.record(chat.Asked(text=f"First of {name}"), here)
    await daimon.projected(sequence)
    found = await daimon.cli.call(memory.CONVERSATIONS, memory.ListConversations(), caller=ada)
    assert [(line.id, line.title, line.exchanges) for line in found.conversations] == [
        ("c1", "First of c1", 2),
        ("c2", "First of c2", 1),
    ]
