"""The pages of memory at their door: SQL, documents and the map, for guests and strangers as well."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import re
from collections.abc import AsyncIterator
from urllib.parse import quote, unquote

import pytest

from proto import accounts, documents, events, insight, memory, tasks
from proto.base import Caller
from services.gateway.pages import memory_pages
from services.memory.main import serve as serve_memory
from tests.integration.gateway_parts import Browser, Front
from tests.integration.memory_parts import Postgres
from tests.support.papers import pdf
from tests.support.servers import running_nats

pytest_plugins = ("tests.integration.gateway_fixtures", "tests.integration.memory_fixtures")

WITHIN = 30.0
HOUSE = b"# Garden\n\nThe shed is painted dark green.\n\n# Kitchen\n\nBread and milk are in the pantry.\n"


@pytest.fixture(scope="module")
async def whole_front(
    model_server, models_dir: str, memory_postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Front]:
    """A gateway with all that the pages of memory need."""
    async with contextlib.AsyncExitStack() as stack:
        nats = await stack.enter_async_context(running_nats(tmp_path_factory.mktemp("nats")))
        found = Front(nats, stack)
        stack.push_async_callback(found.end)
        await found.begin()
        await found.llm(model_server.url, models_dir)
        await found.start("memory", serve_memory, await memory_postgres.database())
        yield found


@pytest.fixture
async def reader(whole_front: Front, ada: Caller) -> Browser:
    return await whole_front.browser(ada.user)


async def hand_in(reader: Browser, name: str, content: bytes) -> str:
    """Hand a file in by the form, wait until it is indexed, and return the address of its page."""
    files = {"file": (name, content)}
    answer = await reader.client.post("/memory/documents", params={"csrf": reader.csrf}, files=files)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/memory/documents?new=")
    async with asyncio.timeout(WITHIN):
        while not re.search(
            rf"{re.escape(name)}.*?(>indexed, |>not readable)", page := await listing(reader), re.DOTALL
        ):
            pass
    return re.search(rf'href="(/memory/documents/[^"]+)"><span dir="auto">{re.escape(name)}', page)[1]


async def listing(reader: Browser) -> str:
    return await reader.page("/memory/documents")


async def ask(reader: Browser, sql: str, path: str = "/memory/sql"):
    return await reader.post(path, htmx=False, sql=sql)


async def add(front: Front, ada: Caller, reader: Browser, title: str) -> None:
    """Add a task and wait until SQL has it."""
    added = await front.cli.call(tasks.ADD, tasks.AddTask(title=title), caller=ada)
    async with asyncio.timeout(WITHIN):
        while added.task.id not in (await ask(reader, "SELECT id FROM tasks")).text:
            pass


async def test_a_question_is_answered_with_the_types_of_its_columns(whole_front, ada, reader):
    await add(whole_front, ada, reader, "buy <milk>")
    page = (await ask(reader, "SELECT title, done, position, NULL AS nothing FROM tasks")).text
    for expected in ("buy &lt;milk&gt;", "boolean", ">integer<", '<td class="null"', ">false<", "1 row"):
        assert expected in page
    assert "SELECT title, done, position" in page


async def test_an_event_in_an_answer_leads_to_its_page(whole_front, ada, reader):
    await add(whole_front, ada, reader, "buy milk")
    page = (await ask(reader, "SELECT id, sentence FROM events WHERE kind = 'task.added'")).text
    (link,) = re.findall(r'<a href="(/timeline/[^"]+)">', page)
    assert "buy milk" in await reader.page(link)


@pytest.mark.parametrize(("sql", "sentence"), [
    ("SELEC 1", "syntax error"), ("SELECT * FROM nothing", "The views are events"),
    ("DELETE FROM events", "nothing else can be run here"), ("", "Write a question first"),
    ("SELECT count(*) FROM generate_series(1, 50000) AS a, generate_series(1, 50000) AS b", "longer than 2 seconds"),
    ("SELECT '" + "x" * 20_000 + "'", "at most 20,000"),
])  # fmt: skip
async def test_a_refused_question_stays_in_the_field_beside_a_sentence(reader, sql, sentence):
    for path in ("/memory/sql", "/memory/sql/csv"):
        answer = await ask(reader, sql, path)
        assert answer.status_code >= 400
        assert sentence in answer.text
        assert f">{sql[:200]}".replace("'", "&#39;") in answer.text


async def test_at_most_so_many_rows_are_shown_and_that_is_said(reader):
    page = (await ask(reader, "SELECT generate_series(1, 300)")).text
    assert "The first 200 rows" in page
    assert "there are more" in page
    assert page.count("<tr>") == 201


async def test_an_answer_is_downloaded_whole_and_runs_nothing_in_a_spreadsheet(reader):
    sql = "SELECT 'a,\"b' AS text, '=1+1' AS formula, -5 AS number, NULL AS nothing"
    answer = await ask(reader, sql, "/memory/sql/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="daimon.csv"'
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text == 'text,formula,number,nothing\r\n"a,""b",\'=1+1,-5,\r\n'


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20"])
def test_no_way_to_begin_a_formula_is_left_as_it_is(begin):
    written = memory_pages.table(memory.Rows(columns=("a",), rows=((f"{begin}1+1",),)))
    assert list(csv.reader(io.StringIO(written, newline="")))[1] == [f"'{begin}1+1"]


async def test_a_nul_in_an_address_is_no_mistake_of_ours(reader):
    answer = await reader.client.get("/memory/documents/%00")
    assert (answer.status_code, "NUL" in answer.text) == (400, True)


async def test_an_example_fills_the_field_and_asks_nothing(reader):
    page = await reader.page("/memory/sql")
    links = re.findall(r'href="(/memory/sql\?sql=[^"]+)#sql"', page)
    assert len(links) >= 8
    assert "<code>events</code>" in page
    assert "Everything that happened" in page
    filled = await reader.page(links[0])
    assert "FROM events\nORDER BY sequence DESC" in filled
    assert "<table>" not in filled


async def test_a_document_is_handed_in_read_at_a_line_found_and_deleted(reader):
    here = await hand_in(reader, "house.md", HOUSE)
    opened = await reader.page(f"{here}?line=6")
    assert 'class="read cited"' in opened
    assert "Bread and milk" in opened
    assert "dark green" not in opened
    found = await reader.page("/memory/documents?q=painting+sheds")
    assert f'href="{here}?line=1"' in found
    answer = await reader.post(f"{here}/delete", htmx=False)
    assert "house.md" not in await reader.page(answer.headers["location"])
    async with asyncio.timeout(WITHIN):
        while "house.md" in await listing(reader):
            pass
    await reader.page(here, status=404)


async def test_a_pdf_is_opened_at_its_page_and_read_on(reader):
    here = await hand_in(reader, "book.pdf", pdf(*(f"This is what page {number} says." for number in range(1, 16))))
    opened = await reader.page(f"{here}?page=12")
    assert "what page 12 says" in opened
    assert "what page 11 says" not in opened
    further = re.search(r'href="([^"]+)" rel="next"', opened)[1]
    assert "what page 13 says" in await reader.page(further)
    first = await reader.page(here)
    assert "what page 1 says" in first
    assert 'rel="prev"' not in first


async def test_a_file_that_cannot_be_read_says_why(reader):
    here = await hand_in(reader, "broken.pdf", b"%PDF-1.4 nothing")
    page = await listing(reader)
    assert "not readable" in page
    assert 'class="meta wrong"' in page
    assert "Its text could not be read." in await reader.page(here)


async def test_nobody_elses_document_is_read_or_deleted(whole_front, reader):
    bob = await whole_front.browser("bob-" + reader.csrf[:8])
    here = await hand_in(bob, "secret.md", b"The secret word is xylophone.\n")
    await reader.page(here, status=404)
    assert (await reader.post(f"{here}/delete", htmx=False)).status_code == 404
    assert "secret.md" not in await listing(reader)
    assert "xylophone" not in await reader.page("/memory/documents?q=secret+word")
    assert "xylophone" in await bob.page(here)


async def drawn(front: Front, ada: Caller) -> tuple[insight.Point, ...]:
    return (await front.cli.call(insight.PICTURE, insight.Draw(), caller=ada)).points


async def test_the_map_has_a_link_for_each_thing(whole_front, ada, reader):
    for title in ("buy milk", "bring bread", "mend the bicycle", "oil the bike"):
        await add(whole_front, ada, reader, title)
    async with asyncio.timeout(WITHIN):
        while sum(point.noun == "task" for point in await drawn(whole_front, ada)) < 4:
            pass
    links = re.findall(r'<a href="(/timeline/[^"]+)" class="look-task">', await reader.page("/memory/map?whole=1"))
    assert len(set(links)) == 4
    for link in links:
        assert "Added task" in await reader.page(link)


async def test_a_guest_reads_and_asks_and_changes_nothing(whole_front, reader, ada):
    here = await hand_in(reader, "house.md", HOUSE)
    await whole_front.cli.call(accounts.CHANGE_ACCOUNT, accounts.ChangeAccount(user=ada.user, role="guest"))
    for path in ("/memory", "/memory/sql", "/memory/documents", here, "/memory/map?whole=1"):
        page = await reader.page(path)
        assert 'type="file"' not in page
        assert "/delete" not in page
    assert (await ask(reader, "SELECT 1")).status_code == 200
    assert (await reader.post(f"{here}/delete", htmx=False)).status_code == 403
    files = {"file": ("more.md", HOUSE)}
    refused = await reader.client.post("/memory/documents", params={"csrf": reader.csrf}, files=files)
    assert refused.status_code == 403
    request = documents.ListDocuments()
    assert len((await whole_front.cli.call(documents.LIST, request, caller=ada)).documents) == 1


async def test_how_far_memory_has_come_is_said_beside_search(reader):
    page = await reader.page("/memory")
    assert "meanings by <code>minilm</code>" in page


async def test_search_sql_and_documents_are_looked_at_as_they_were(whole_front, ada, reader):
    await add(whole_front, ada, reader, "buy marzipan")
    before = await whole_front.cli.journal.last(events.of_user(ada.user))
    await add(whole_front, ada, reader, "eat marzipan")
    here = await hand_in(reader, "later.md", HOUSE)
    then = quote(before.event.time.isoformat().replace("+00:00", "Z"))
    found = await reader.page(f"/memory?q=marzipan&as_of={then}")
    assert "buy marzipan" in found
    assert "eat marzipan" not in found
    assert "eat marzipan" in await reader.page("/memory?q=marzipan")
    assert "later.md" not in await reader.page(f"/memory/documents?as_of={then}")
    assert "There was no document then" in await reader.page(f"/memory/documents?as_of={then}")
    assert "There was no document" in await reader.page(f"{here}?as_of={then}", status=404)
    later = await reader.page(f"{here}?as_of=2100-01-01T00:00Z")
    assert "painted dark green" in later
    assert "Delete this document" not in later
    sql = "SELECT sentence FROM events WHERE kind = 'task.added'"
    assert "too little to draw then" in await reader.page(f"/memory/map?whole=1&as_of={then}")
    asked = (await reader.post("/memory/sql", htmx=False, sql=sql, as_of=unquote(then))).text
    assert "buy marzipan" in asked
    assert "eat marzipan" not in asked
    refused = await reader.post("/memory/sql", htmx=False, sql="SELECT * FROM tasks", as_of=unquote(then))
    assert "say how things are now" in refused.text
    seconds = int(before.event.time.timestamp())
    moved = await reader.client.get(f"/memory?q=marzipan&at={seconds}")
    assert moved.headers["location"].startswith("/memory?q=marzipan&as_of=")
