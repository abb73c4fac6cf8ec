"""Documents: read once they are handed in, found and cited, kept apart, and gone when deleted."""

from __future__ import annotations

import asyncio

import msgspec
import psycopg
import pytest

from proto import documents, errors, events, forgetting, keeping, memory, tasks
from proto.base import Caller
from tests.integration.memory_parts import PATIENCE, Daimon
from tests.integration.others import others
from tests.support.papers import docx, pdf

pytest_plugins = ("tests.integration.memory_fixtures",)

GARDEN = b"# Garden\n\nThe shed is painted dark green.\n\n# Kitchen\n\nBread and milk are in the pantry.\n"


async def hand_in(
    daimon: Daimon, caller: Caller, name: str, content: bytes, *, wait: bool = True
) -> documents.DocumentLine:
    """Upload a file and wait until it was read, and has its vectors unless these are not waited for."""

    async def pieces():
        yield content

    kept = await daimon.cli.objects(documents.FILES).put(caller.user, pieces(), limit=documents.SIZE_LIMIT)
    request = documents.AddDocument(name=name, size=kept.size, sha256=kept.sha256)
    added = await daimon.cli.call(documents.ADD, request, caller=caller)
    async with asyncio.timeout(PATIENCE):
        while True:
            for line in await listed(daimon, caller):
                if line.document == added.document and line.state in ("ready", "failed"):
                    if wait:
                        await daimon.embedded()
                    return line


async def listed(daimon: Daimon, caller: Caller) -> tuple[documents.DocumentLine, ...]:
    return (await daimon.cli.call(documents.LIST, documents.ListDocuments(), caller=caller)).documents


async def found(daimon: Daimon, caller: Caller, query: str, **only: str) -> tuple[documents.Found, ...]:
    request = documents.SearchDocuments(query=query, **only)
    return (await daimon.cli.call(documents.SEARCH, request, caller=caller)).hits


async def test_a_document_is_found_by_words_and_by_meaning_and_cited(daimon, ada):
    line = await hand_in(daimon, ada, "house.md", GARDEN)
    assert (line.state, line.passages, line.problem) == ("ready", 2, "")
    (hit,) = await found(daimon, ada, "painting sheds")
    assert (hit.name, hit.place, hit.heading) == ("house.md", "lines 1-3", "Garden")
    assert "words" in hit.why
    best, *_ = await found(daimon, ada, "groceries")
    assert (best.heading, best.why) == ("Kitchen", ("meaning",))


async def test_what_was_read_is_an_event_with_a_sentence(daimon, ada):
    await hand_in(daimon, ada, "house.md", GARDEN)
    rows = await daimon.sql("SELECT kind, actor, sentence FROM events ORDER BY sequence", ada)
    assert ("document.read", "system", "Read 'house.md', 2 passages") in rows.rows
    rows = await daimon.sql("SELECT name, state, passages FROM documents", ada)
    assert rows.rows == (("house.md", "ready", 2),)


async def test_a_pdf_and_a_word_document_are_found(daimon, ada):
    await hand_in(daimon, ada, "house.pdf", pdf("The roof is red.", "The gutter leaks."))
    await hand_in(daimon, ada, "trip.docx", docx(("Heading1", "Lisbon"), ("Normal", "The tram was yellow.")))
    assert [hit.place for hit in await found(daimon, ada, "gutter")] == ["page 2"]
    assert [hit.heading for hit in await found(daimon, ada, "tram")] == ["Lisbon"]


async def test_a_search_may_be_within_one_document(daimon, ada):
    await hand_in(daimon, ada, "one.txt", b"a red door")
    await hand_in(daimon, ada, "two.txt", b"a red wall")
    assert [hit.text for hit in await found(daimon, ada, "red", document="two.txt")] == ["a red wall"]
    with pytest.raises(errors.Missing, match=r"documents\.list"):
        await found(daimon, ada, "red", document="three.txt")


async def test_a_document_is_read_on_from_a_page_or_a_line(daimon, ada):
    await hand_in(daimon, ada, "house.pdf", pdf("The roof is red.", "The gutter leaks."))
    await hand_in(daimon, ada, "house.md", GARDEN)
    second = await daimon.cli.call(documents.READ, documents.ReadDocument(document="house.pdf", page=2), caller=ada)
    assert [(text.place, text.text) for text in second.texts] == [("page 2", "The gutter leaks.")]
    rest = await daimon.cli.call(documents.READ, documents.ReadDocument(document="house.md", line=5), caller=ada)
    assert [text.heading for text in rest.texts] == ["Kitchen"]


async def test_a_bad_file_fails_alone_and_says_why(daimon, ada):
    line = await hand_in(daimon, ada, "broken.pdf", b"%PDF-1.7 nonsense")
    assert line.state == "failed"
    assert "damaged" in line.problem
    assert (await hand_in(daimon, ada, "good.txt", b"all is well")).state == "ready"


async def test_a_file_that_unpacks_to_a_thousand_times_its_size_fails_alone(daimon, ada):
    line = await hand_in(daimon, ada, "bomb.docx", docx(document="<a>" + " " * 101_000_000 + "</a>"))
    assert (line.state, "100 MB" in line.problem) == ("failed", True)


async def test_a_deleted_document_is_gone_and_its_record_stays(alone, database, ada):
    async with alone.remembering(database):
        line = await hand_in(alone, ada, "house.md", GARDEN)
        gone = await alone.cli.call(documents.DELETE, documents.DeleteDocument(document="house.md"), caller=ada)
        assert gone.sentence == "Deleted document 'house.md'"
        async with asyncio.timeout(PATIENCE):
            while await listed(alone, ada):
                pass
        assert await found(alone, ada, "shed") == ()
        async with await psycopg.AsyncConnection.connect(database.database) as connection:
            passages = await (await connection.execute("SELECT count(*) FROM passages")).fetchone()
            left = await (
                await connection.execute(
                    "SELECT count(*) FROM vectors WHERE text_hash NOT IN (SELECT text_hash FROM events)"
                )
            ).fetchone()
        assert (passages, left) == ((0,), (0,))
        kinds = [row[0] for row in (await alone.sql("SELECT kind FROM events ORDER BY sequence", ada)).rows]
        assert kinds[-1] == "document.deleted"
        again = await hand_in(alone, ada, "house.md", GARDEN)
        assert (again.document, again.state) == (line.document, "ready")


async def test_nobody_reaches_the_documents_of_another(daimon, ada):
    line = await hand_in(daimon, ada, "diary.txt", b"my secret zebra")
    eve = msgspec.structs.replace(ada, user=f"{ada.user}-eve")
    assert await listed(daimon, eve) == ()
    assert await found(daimon, eve, "zebra") == ()
    for request in (
        documents.ReadDocument(document=line.document),
        documents.DeleteDocument(document=line.document),
        documents.SearchDocuments(query="zebra", document=line.document),
    ):
        call = {
            documents.ReadDocument: documents.READ,
            documents.DeleteDocument: documents.DELETE,
            documents.SearchDocuments: documents.SEARCH,
        }[type(request)]
        with pytest.raises(errors.Missing):
            await daimon.cli.call(call, request, caller=eve)
    assert (await daimon.sql("SELECT * FROM documents", eve)).rows == ()


async def test_rebuilding_keeps_what_documents_say(alone, database, ada):
    async with alone.remembering(database):
        await hand_in(alone, ada, "house.md", GARDEN)
        rebuilt = await alone.cli.call(keeping.REBUILD, keeping.Rebuild(), timeout=30)
        assert rebuilt.before == rebuilt.after
        assert [hit.heading for hit in await found(alone, ada, "shed")] == ["Garden"]


async def test_forgetting_everything_takes_what_documents_say_along(alone, database, ada):
    async with alone.remembering(database), others(alone):
        await hand_in(alone, ada, "house.md", GARDEN)
        await alone.cli.call(forgetting.FORGET, forgetting.Forget(everything=True), caller=ada, timeout=120)
        assert await listed(alone, ada) == ()
        assert await found(alone, ada, "shed") == ()
        async with await psycopg.AsyncConnection.connect(database.database) as connection:
            left = await (await connection.execute("SELECT count(*) FROM passages")).fetchone()
        assert left == (0,)


async def test_a_search_of_everything_finds_passages_among_events_and_cites_them(daimon, ada):
    await daimon.record(tasks.TaskAdded(task="t", title="buy paint for the shed"), ada)
    line = await hand_in(daimon, ada, "house.md", GARDEN)
    hits = (await daimon.search("painting sheds", ada)).hits
    assert {hit.kind for hit in hits} >= {"task.added", memory.PASSAGE}
    (passage,) = (hit for hit in hits if hit.kind == memory.PASSAGE and "words" in hit.why)
    assert (passage.document, passage.place) == (line.document, "lines 1-3")
    assert passage.sentence.startswith("'house.md', lines 1-3: ")
    rows = await daimon.sql(f"SELECT kind FROM events WHERE id = '{passage.event}'", ada)
    assert rows.rows == (("document.uploaded",),)
    by_meaning = (await daimon.search("groceries", ada)).hits
    assert any(hit.kind == memory.PASSAGE and hit.why == ("meaning",) for hit in by_meaning)


@pytest.mark.parametrize("narrow", [{"kinds": ("task",)}, {"actor": "user"}, {"conversation": "c"}])
async def test_a_narrowed_search_finds_passages_only_where_documents_are_asked_for(daimon, ada, narrow):
    await hand_in(daimon, ada, "house.md", GARDEN)
    hits = (await daimon.search("painting sheds", ada, **narrow)).hits
    assert memory.PASSAGE not in {hit.kind for hit in hits}
    asked = (await daimon.search("painting sheds", ada, kinds=("document",))).hits
    assert memory.PASSAGE in {hit.kind for hit in asked}


async def test_the_model_and_others_do_not_get_passages_by_searching_everything(daimon, ada):
    """What a document says may be anybody's words: the model asks for it by an action that says so."""
    await hand_in(daimon, ada, "house.md", GARDEN)
    model = msgspec.structs.replace(ada, actor="model")
    other = msgspec.structs.replace(ada, user=f"{ada.user}-other")
    for caller in (model, other):
        hits = (await daimon.search("painting sheds", caller, kinds=("document",))).hits
        assert memory.PASSAGE not in {hit.kind for hit in hits}


async def test_documents_are_listed_as_they_were_at_any_place_of_the_log(daimon, ada):
    async def then(place: int) -> list[tuple[str, str]]:
        request = documents.ListDocuments(as_of=str(place))
        found = (await daimon.cli.call(documents.LIST, request, caller=ada)).documents
        return [(line.name, line.state) for line in found]

    await hand_in(daimon, ada, "house.md", GARDEN)
    await hand_in(daimon, ada, "broken.pdf", b"%PDF-1.4 not really")
    await daimon.cli.call(documents.DELETE, documents.DeleteDocument(document="house.md"), caller=ada)
    await hand_in(daimon, ada, "again.md", GARDEN)
    async with asyncio.timeout(PATIENCE):
        # The document has the id it had, so what is listed of it may still be from before.
        while [line.name for line in await listed(daimon, ada) if line.state == "ready"] != ["again.md"]:
            pass
    log = await daimon.cli.journal.read(events.of_noun("document", ada.user))
    lived = {one.event.sentence.split(",")[0].split(":")[0]: one.sequence for one in log}
    first, second, *_ = (one.sequence for one in log)
    assert await then(first - 1) == []
    assert await then(first) == [("house.md", "waiting")]
    assert await then(second) == [("house.md", "ready")]
    gone = lived["Deleted document 'house.md'"]
    assert await then(gone - 1) == [("broken.pdf", "failed"), ("house.md", "ready")]
    assert await then(gone) == [("broken.pdf", "failed")]
    now = [(line.name, line.state) for line in await listed(daimon, ada)]
    assert await then(log[-1].sequence) == now == [("again.md", "ready"), ("broken.pdf", "failed")]
