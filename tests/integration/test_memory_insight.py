"""What memory tells of itself: its standing, questions that teach, and a picture of one's own memory."""

from __future__ import annotations

import asyncio

import pytest

from proto import documents, errors, events, insight, memory, tasks
from proto.base import Caller, Nothing, new_id
from tests.integration.memory_parts import PATIENCE, Daimon
from tests.integration.test_documents import GARDEN, found, hand_in, listed

pytest_plugins = ("tests.integration.memory_fixtures",)

ERRANDS = ("buy milk", "bring bread", "groceries for sunday", "mend the bicycle", "oil the bike", "cycling on monday")


async def picture(daimon: Daimon, caller, as_of: str = "") -> insight.Picture:
    return await daimon.cli.call(insight.PICTURE, insight.Draw(as_of=as_of), caller=caller)


async def add(daimon: Daimon, caller, *titles: str) -> list[str]:
    done = [await daimon.record(tasks.TaskAdded(task=title, title=title), caller) for title in titles]
    await daimon.embedded()
    return [event for event, _ in done]


async def test_the_picture_puts_like_meanings_near_each_other(daimon, ada):
    errands = await add(daimon, ada, *ERRANDS)
    drawn = await picture(daimon, ada)
    at = {point.event: (point.x, point.y) for point in drawn.points}
    assert set(at) == set(errands)
    assert {point.noun for point in drawn.points} == {"task"}
    assert all(0 <= number <= 1 for place in at.values() for number in place)

    def apart(one: int, other: int) -> float:
        (x1, y1), (x2, y2) = at[errands[one]], at[errands[other]]
        return (x1 - x2) ** 2 + (y1 - y2) ** 2

    assert apart(0, 1) < apart(0, 3)
    assert apart(3, 4) < apart(1, 4)
    assert 0 < drawn.kept <= 1


async def test_the_picture_is_the_same_after_a_restart(alone, database, ada):
    async with alone.remembering(database):
        await add(alone, ada, *ERRANDS)
        before = await picture(alone, ada)
    async with alone.remembering(database):
        assert await picture(alone, ada) == before


async def test_the_picture_is_drawn_as_of_a_moment_on_the_same_plane(daimon, ada):
    early = await add(daimon, ada, *ERRANDS[:4])
    last = await daimon.cli.journal.last(events.of_user(ada.user))
    await add(daimon, ada, *ERRANDS[4:])
    await hand_in(daimon, ada, "house.md", GARDEN)
    now = {point.event: point for point in (await picture(daimon, ada)).points}
    then = await picture(daimon, ada, str(last.sequence))
    assert {point.event for point in then.points} == set(early)
    assert then.total == 4
    assert then == await picture(daimon, ada, last.event.time.isoformat())
    assert all(point == now[point.event] for point in then.points)


async def test_the_picture_shows_nobody_elses_memory(daimon, ada):
    bob = Caller(user=f"bob-{new_id()}")
    await add(daimon, bob, *ERRANDS)
    await hand_in(daimon, bob, "house.md", GARDEN)
    assert (await picture(daimon, ada)).points == ()


async def test_a_long_log_is_sampled_from_its_beginning_to_its_end(daimon, ada):
    errands = await add(daimon, ada, *(f"errand {number}" for number in range(500)))
    drawn = await picture(daimon, ada)
    places = [errands.index(point.event) for point in drawn.points]
    assert 60 <= len(places) <= 250
    assert min(places) < 50
    assert max(places) > 450
    assert drawn.total == 500


async def test_passages_stand_in_the_picture_with_where_to_read_them(daimon, ada):
    await add(daimon, ada, *ERRANDS)
    line = await hand_in(daimon, ada, "house.md", GARDEN)
    passages = [point for point in (await picture(daimon, ada)).points if point.noun == "passage"]
    assert [(point.document, point.line) for point in passages] == [(line.document, 1), (line.document, 5)]


async def test_the_standing_tells_of_vectors_and_of_what_waits(daimon, ada):
    await add(daimon, ada, "buy milk")
    standing = await daimon.cli.call(insight.STANDING, Nothing())
    progress = await daimon.cli.call(memory.PROGRESS, Nothing())
    assert (standing.events, standing.engine, standing.waiting) == (progress.events, "meanings", 0)
    assert standing.vectors > 0
    assert (standing.coming, standing.made) == ("", 0)


async def test_every_example_is_a_question_that_can_be_asked(daimon, ada):
    await add(daimon, ada, "buy milk")
    examples = (await daimon.cli.call(insight.EXAMPLES, Nothing())).examples
    assert len(examples) >= 8
    for example in examples:
        rows = await daimon.sql(example.sql, ada)
        assert len(rows.types) == len(rows.columns) > 0, example.title
        assert all(rows.types), example.title


async def test_an_answer_tells_the_type_of_each_column(daimon, ada):
    rows = await daimon.sql("SELECT 1, 'a'::text, true, now(), 1.5, ARRAY[1], '{}'::jsonb", ada)
    assert rows.types == (
        "integer", "text", "boolean", "timestamp with time zone", "numeric", "integer[]", "jsonb",
    )  # fmt: skip


async def test_a_document_is_read_on_from_passage_to_passage(daimon, ada):
    line = await hand_in(daimon, ada, "house.md", GARDEN)

    async def read(**where: int) -> list[tuple[int, str]]:
        asked = documents.ReadDocument(document=line.document, limit=1, **where)
        told = await daimon.cli.call(documents.READ, asked, caller=ada)
        return [(text.passage, text.heading) for text in told.texts]

    assert await read() == [(0, "Garden")]
    assert await read(passage=1) == [(1, "Kitchen")]
    assert await read(passage=2) == []
    assert await read(line=6) == [(1, "Kitchen")]


async def test_a_document_is_read_as_it_stood_at_a_moment(daimon, ada):
    await add(daimon, ada, "buy milk")
    before = await daimon.cli.journal.last(events.of_user(ada.user))
    line = await hand_in(daimon, ada, "house.md", GARDEN)
    then = await daimon.cli.journal.last(events.of_user(ada.user))
    await daimon.cli.call(documents.DELETE, documents.DeleteDocument(document=line.document), caller=ada)
    async with asyncio.timeout(PATIENCE):
        while await listed(daimon, ada):
            pass

    async def read(as_of: int) -> documents.DocumentText:
        asked = documents.ReadDocument(document=line.document, as_of=str(as_of))
        return await daimon.cli.call(documents.READ, asked, caller=ada)

    told = await read(then.sequence)
    assert (told.document.name, told.document.state, told.texts) == ("house.md", "ready", ())
    with pytest.raises(errors.Missing, match="There was no document"):
        await read(before.sequence)


async def test_a_passage_that_is_found_says_where_a_person_reads_it(daimon, ada):
    line = await hand_in(daimon, ada, "house.md", GARDEN)
    (hit,) = await found(daimon, ada, "painting sheds")
    assert hit.link == f"/memory/documents/{line.document}?line=1"


async def test_a_list_of_documents_says_what_is_still_to_be_found_by_meaning(alone, database, ada):
    async with alone.remembering(database):
        await hand_in(alone, ada, "house.md", GARDEN)
        assert [line.coming for line in await listed(alone, ada)] == [0]
        alone.engine.down = True
        await hand_in(alone, ada, "garden.md", GARDEN + b"\n# Attic\n\nBoxes.\n", wait=False)
        async with asyncio.timeout(PATIENCE):
            while [line.coming for line in await listed(alone, ada)] != [1, 0]:
                pass
