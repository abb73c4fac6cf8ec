"""Reading the log back by actor, words and time, and what an event led to, on a real Postgres."""

from __future__ import annotations

import msgspec

from proto import chat, memory, tasks, timeline
from proto.base import Caller, Nothing
from proto.events import happened

pytest_plugins = ("tests.integration.memory_fixtures",)


async def sentences(daimon, caller: Caller, **options) -> list[str]:
    found = await daimon.cli.call(memory.RECENT, memory.Recent(**options), caller=caller)
    return [event.sentence for event in found.events]


async def test_actor_words_and_kinds_narrow_what_is_read_together(daimon, ada):
    model = msgspec.structs.replace(ada, actor="model")
    await daimon.record(tasks.TaskAdded(task="1", title="buy milk"), ada)
    await daimon.record(tasks.TaskAdded(task="2", title="buying Bread"), model)
    await daimon.record(tasks.TaskCompleted(task="2", title="buying Bread"), model)
    _, sequence = await daimon.record(chat.Asked(text="where is the milk"), ada)
    await daimon.projected(sequence)
    assert await sentences(daimon, ada, actor="model") == ["Completed task 'buying Bread'", "Added task 'buying Bread'"]
    assert await sentences(daimon, ada, words="milk", kinds=("task",)) == ["Added task 'buy milk'"]
    assert await sentences(daimon, ada, words="buy bread", actor="model", kinds=("task.added",)) == [
        "Added task 'buying Bread'"
    ]
    assert await sentences(daimon, ada, words="milk -asked") == ["Added task 'buy milk'"]
    assert await sentences(daimon, ada, words="xylophone") == []
    assert await sentences(daimon, ada, kinds=("nothing",)) == []
    assert await sentences(daimon, Caller(user="bob"), words="milk") == []


async def test_words_are_found_beyond_the_newest_events(daimon, ada, monkeypatch):
    monkeypatch.setattr("services.memory.timeline.WINDOW", 2)
    for number, title in enumerate(("milk one", "milk two", "bread", "rice")):
        _, sequence = await daimon.record(tasks.TaskAdded(task=str(number), title=title), ada)
    await daimon.projected(sequence)
    assert await sentences(daimon, ada, words="milk") == ["Added task 'milk two'", "Added task 'milk one'"]


async def test_a_time_in_the_middle_is_found_among_many(daimon, ada):
    events = [happened(tasks.TaskAdded(task=str(number), title=f"number {number}"), ada) for number in range(400)]
    for event in events:
        sequence = await daimon.append(event)
    await daimon.projected(sequence)
    for place in (0, 1, 150, 299, 399):
        then = events[place].time.isoformat()
        found = await daimon.cli.call(memory.RECENT, memory.Recent(as_of=then, limit=3), caller=ada)
        assert [event.id for event in found.events] == [event.id for event in events[max(place - 2, 0) : place + 1]][
            ::-1
        ]
    assert await sentences(daimon, ada, as_of="2020-01-01") == []


async def test_what_an_event_led_to_is_a_tree_in_order_and_of_ones_own(daimon, ada):
    asked, _ = await daimon.record(chat.Asked(text="do it"), ada)
    after = msgspec.structs.replace(ada, cause=asked)
    first, _ = await daimon.record(tasks.TaskAdded(task="1", title="one"), after)
    second, _ = await daimon.record(tasks.TaskAdded(task="2", title="two"), after)
    below, _ = await daimon.record(
        tasks.TaskCompleted(task="1", title="one"), msgspec.structs.replace(ada, cause=first)
    )
    stranger = Caller(user="bob", cause=asked)
    _, sequence = await daimon.record(tasks.TaskAdded(task="3", title="of bob"), stranger)
    await daimon.projected(sequence)
    found = await daimon.cli.call(timeline.EFFECTS, timeline.Trace(event=asked), caller=ada)
    assert [(each.event.id, each.depth) for each in found.effects] == [(first, 1), (below, 2), (second, 1)]
    few = await daimon.cli.call(timeline.EFFECTS, timeline.Trace(event=asked, limit=1), caller=ada)
    assert (len(few.effects), few.more) == (1, True)
    others = await daimon.cli.call(timeline.EFFECTS, timeline.Trace(event=asked), caller=Caller(user="bob"))
    assert [each.event.user for each in others.effects] == ["bob"]


async def test_a_circle_of_causes_ends(daimon, ada):
    one = happened(tasks.TaskAdded(task="1", title="one"), ada)
    two = happened(tasks.TaskAdded(task="2", title="two"), msgspec.structs.replace(ada, cause=one.id))
    await daimon.append(msgspec.structs.replace(one, cause=two.id))
    await daimon.projected(await daimon.append(two))
    found = await daimon.cli.call(timeline.EFFECTS, timeline.Trace(event=one.id), caller=ada)
    assert 0 < len(found.effects) <= 8


async def test_a_history_begins_with_the_first_event_of_a_user(daimon, ada):
    nothing = await daimon.cli.call(timeline.HISTORY, Nothing(), caller=Caller(user="nobody yet"))
    assert (nothing.first, nothing.last) == (None, None)
    first, last = (happened(tasks.TaskAdded(task=each, title=each), ada) for each in ("1", "2"))
    await daimon.append(first)
    await daimon.projected(await daimon.append(last))
    found = await daimon.cli.call(timeline.HISTORY, Nothing(), caller=ada)
    assert (found.first, found.last) == (first.time, last.time)
