"""Search by words, by meaning and by time, over one's own log."""

from __future__ import annotations

import msgspec
import pytest

from proto import accounts, chat, memory, sandbox, tasks
from proto.base import Caller

pytest_plugins = ("tests.integration.memory_fixtures",)


def added(title: str) -> tasks.TaskAdded:
    return tasks.TaskAdded(task=title, title=title)


async def tell(daimon, caller: Caller, *story) -> None:
    for what in story:
        await daimon.record(what, caller)
    await daimon.embedded()


async def sentences(daimon, query: str, caller: Caller, **options) -> list[str]:
    return [hit.sentence for hit in (await daimon.search(query, caller, **options)).hits]


async def test_groceries_finds_milk_by_meaning(daimon, ada):
    await tell(daimon, ada, added("buy milk"), added("call mum"), added("fix bike"))
    hits = await daimon.search("groceries", ada)
    assert [(hit.sentence, hit.why) for hit in hits.hits] == [("Added task 'buy milk'", ("meaning", "recent"))]
    assert hits.sentence == 'Found 1 for "groceries"'
    assert hits.note == ""


async def test_words_are_found_in_other_forms(daimon, ada):
    await tell(daimon, ada, added("mend the broken bicycles"), added("call mum"))
    (hit,) = (await daimon.search("breaking bicycle", ada)).hits
    assert hit.sentence == "Added task 'mend the broken bicycles'"
    assert "words" in hit.why


async def test_one_word_of_several_is_enough_and_more_are_better(daimon, ada):
    await tell(daimon, ada, added("water plants"), added("water plants at the office"), added("office party"))
    assert (await sentences(daimon, "plants office unicorn", ada))[0] == "Added task 'water plants at the office'"
    assert await sentences(daimon, "unicorn party", ada) == ["Added task 'office party'"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('"red house"', ["Added task 'paint the red house'"]),
        ("red -house", ["Added task 'buy a red hat'"]),
    ],
)
async def test_quotes_and_minus_mean_what_they_mean_elsewhere(daimon, ada, query, expected):
    await tell(daimon, ada, added("paint the red house"), added("buy a red hat"), added("house of red bricks"))
    found = await daimon.search(query, ada)
    assert [hit.sentence for hit in found.hits if "words" in hit.why] == expected


async def test_a_query_of_fillers_only_is_taken_as_it_is(daimon, ada):
    await tell(daimon, ada, added("to be or not to be"), added("call mum"))
    assert (await sentences(daimon, "or not", ada))[0] == "Added task 'to be or not to be'"


async def test_what_fits_by_words_and_meaning_is_first(daimon, ada):
    await tell(daimon, ada, added("bike"), added("bicycle"), added("cycling tour"))
    hits = (await daimon.search("bicycle", ada)).hits
    assert hits[0].sentence == "Added task 'bicycle'"
    assert hits[0].why == ("words", "meaning", "recent")


async def test_of_equal_ones_the_newest_is_first_and_few_stand_for_many(daimon, ada):
    await tell(daimon, ada, *(accounts.SignedIn(by="bread") for _ in range(10)))
    hits = (await daimon.search("groceries", ada)).hits
    assert len(hits) == 3
    assert [hit.time for hit in hits] == sorted((hit.time for hit in hits), reverse=True)


async def test_the_text_of_messages_and_the_output_of_commands_are_found(daimon, ada):
    long = "I wonder about many things " * 10 + "and about zebras"
    await tell(
        daimon, ada, chat.Asked(text=long), sandbox.CommandRan(command="ls", exit_code=0, seconds=1, excerpt="yak.txt")
    )
    assert (await sentences(daimon, "zebra", ada))[0].startswith('Asked: "I wonder')
    assert (await sentences(daimon, "yak.txt", ada))[0].startswith("Ran `ls`")


async def test_searches_do_not_find_each_other_unless_asked_for(daimon, ada):
    await tell(daimon, ada, added("buy milk"), accounts.Visited(path="/groceries"))
    for _ in range(5):
        await daimon.search("groceries", ada)
    await daimon.embedded()
    assert await sentences(daimon, "groceries", ada) == ["Added task 'buy milk'"]
    found = await daimon.search("groceries", ada, kinds=("memory.searched", "page"), limit=50)
    assert {hit.kind for hit in found.hits} == {"memory.searched", "page.visited"}


async def test_kinds_and_conversations_narrow_a_search(daimon, ada):
    here = msgspec.structs.replace(ada, conversation="c1")
    await tell(daimon, ada, added("buy milk"), tasks.TaskCompleted(task="t", title="buy milk"))
    await tell(daimon, here, chat.Asked(text="Is there milk?"))
    assert await sentences(daimon, "milk", ada, kinds=("task.completed",)) == ["Completed task 'buy milk'"]
    assert len(await sentences(daimon, "milk", ada, kinds=("task",))) == 2
    assert await sentences(daimon, "milk", ada, conversation="c1") == ['Asked: "Is there milk?"']
    assert await sentences(daimon, "groceries", ada, kinds=("task",), conversation="c1") == []


async def test_a_rare_one_is_found_by_meaning_among_many_of_others(daimon, ada):
    """Vectors are shared by all users: a filter must not starve the search for nearest ones."""
    crowd = msgspec.structs.replace(ada, user=f"{ada.user}-crowd")
    await tell(daimon, crowd, *(added(f"buy milk {number}") for number in range(300)))
    await tell(daimon, ada, added("bread and butter and jam and honey"))
    assert await sentences(daimon, "milk", ada) == ["Added task 'bread and butter and jam and honey'"]


async def test_one_user_does_not_find_what_another_said(daimon, ada):
    await tell(daimon, msgspec.structs.replace(ada, user=f"{ada.user}-not"), added("buy milk"))
    assert await sentences(daimon, "milk", ada) == []


async def test_equal_texts_are_embedded_once(daimon, ada):
    title = f"milk for {ada.user}"
    await tell(daimon, ada, *(added(title) for _ in range(5)))
    await tell(daimon, ada, added(title))
    assert sum(title in text for text in daimon.engine.embedded) == 1


@pytest.mark.parametrize("query", ["'", "!!!", "a & | ! b", "\\", "%s %(user)s", "\0", "ÄÖ 漢字", "x" * 2000, " "])
async def test_any_query_is_only_a_query(daimon, ada, query):
    assert isinstance(await daimon.search(query, ada), memory.Hits)


async def test_the_limit_is_the_limit(daimon, ada):
    await tell(daimon, ada, *(added(f"buy milk {number}") for number in range(5)))
    assert len(await sentences(daimon, "milk", ada, limit=2)) == 2


async def test_actors_and_times_narrow_a_search(daimon, ada):
    model = msgspec.structs.replace(ada, actor="model")
    await tell(daimon, ada, added("buy milk"))
    await tell(daimon, model, added("milk the goat"))
    assert await sentences(daimon, "milk", ada, actor="model") == ["Added task 'milk the goat'"]
    (hit,) = (await daimon.search("milk", ada, actor="model")).hits
    assert await sentences(daimon, "milk", ada, until=hit.time) == ["Added task 'buy milk'"]
    assert await sentences(daimon, "milk", ada, since=hit.time) == ["Added task 'milk the goat'"]


async def test_a_search_may_be_by_words_or_by_meaning_alone(daimon, ada):
    await tell(daimon, ada, added("buy milk"), added("bread"))
    assert await sentences(daimon, "milk", ada, ways="words") == ["Added task 'buy milk'"]
    by_meaning = (await daimon.search("milk", ada, ways="meaning")).hits
    assert {hit.sentence for hit in by_meaning} == {"Added task 'buy milk'", "Added task 'bread'"}
    assert not any("words" in hit.why for hit in by_meaning)


async def test_pages_follow_each_other_without_a_gap_or_a_repetition(daimon, ada):
    await tell(daimon, ada, *(added(f"buy milk {number}") for number in range(7)))
    whole = [hit.event for hit in (await daimon.search("milk", ada, ways="words")).hits]
    seen, more = [], ""
    while len(seen) < len(whole):
        page = await daimon.search("milk", ada, ways="words", limit=3, more=more)
        seen += [hit.event for hit in page.hits]
        more = page.more
    assert (len(seen), set(seen), more) == (7, set(whole), "")


async def test_what_was_answered_is_found_by_what_was_asked(daimon, ada):
    talk = msgspec.structs.replace(ada, conversation="c2")
    await tell(
        daimon,
        talk,
        chat.Asked(text="Which colour shall the garden shed get?"),
        chat.Answered(turn="t", text="Dark green, I would say."),
    )
    await tell(daimon, ada, added("a dark night"))
    hits = (await daimon.search("what colour will the garden shed be", ada)).hits
    assert [hit.sentence.partition(":")[0] for hit in hits[:2]] == ["Asked", "Answered"]
    assert "near" in hits[1].why


async def test_a_hit_brings_what_stands_beside_it_when_asked(daimon, ada):
    talk = msgspec.structs.replace(ada, conversation="c3")
    await tell(daimon, talk, *(chat.Asked(text=text) for text in ("one", "two", "zebra", "four", "five")))
    (hit,) = (await daimon.search("zebra", ada, neighbours=1)).hits
    assert [one.sentence for one in hit.neighbours] == ['Asked: "two"', 'Asked: "four"']


async def test_an_event_is_found_by_the_day_it_happened_on(daimon, ada):
    await tell(daimon, ada, added("buy milk"))
    (hit,) = (await daimon.search("milk", ada)).hits
    assert await sentences(daimon, f"{hit.time:%B} {hit.time.year}", ada, ways="words") == ["Added task 'buy milk'"]


async def test_the_surroundings_of_another_users_events_stay_theirs(daimon, ada):
    eve = msgspec.structs.replace(ada, user=f"{ada.user}-eve", conversation="shared")
    await tell(daimon, eve, chat.Asked(text="the secret of eve"))
    await tell(daimon, msgspec.structs.replace(ada, conversation="shared"), chat.Asked(text="zebra crossing painted"))
    found = await daimon.search("where was the zebra crossing painted", ada, neighbours=5)
    assert "secret" not in str(msgspec.json.encode(found))
