"""The pages of memory in a browser: a question in SQL, a document handed in and opened where it is cited, the map."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.async_api import expect

from daimon.connection import connect
from proto import tasks
from services.gateway.pages.memory_pages import HITS
from tests.browser.conftest import say
from tests.browser.test_browser_pages import CONTRAST
from tests.fakes.ollama import Reply

PAGES = ("/memory?q=milk", "/memory/sql", "/memory/documents", "/memory/map")
HOUSE = b"# Garden\n\nThe shed is painted dark green.\n\n# Kitchen\n\nBread and milk are in the pantry.\n"
FILE = {"name": "house.md", "mimeType": "text/markdown", "buffer": HOUSE}


async def prepared(visitor, **options):
    """A page of somebody who has a few things in memory."""
    page = await visitor.page("/tasks", **options)
    for number, title in enumerate(("buy milk", "bring bread", "mend the bicycle", "oil the bike"), start=1):
        await page.fill("#new-task", title)
        await page.press("#new-task", "Enter")
        await expect(page.locator(".task")).to_have_count(number)
    await hand_in(page)
    return page


async def hand_in(page):
    await page.goto("/memory/documents")
    await page.set_input_files("input[type=file]", FILE)
    await page.get_by_role("button", name="Hand it in").click()
    indexed = page.locator(".rows li").filter(has_text="house.md").filter(has_text="indexed, 2 passages")
    if not await page.evaluate("'htmx' in window"):
        while not await indexed.count():
            await page.reload()
    await expect(indexed).to_be_visible()


async def test_more_hits_are_added_below_the_others(system, visitor):
    page = await visitor.page()
    async with connect(system.home.path, visitor.user) as connection:
        for number in range(HITS + 5):
            await connection.call(tasks.ADD, tasks.AddTask(title=f"paint fence number {number}"))
    await system.caught_up()
    await page.goto("/memory?q=paint+fence&noun=task")
    hits = page.locator(".hits .what")
    await expect(hits).to_have_count(HITS)
    await page.get_by_role("link", name="More").click()
    await expect(hits).to_have_count(HITS + 5)
    await expect(page.get_by_role("link", name="More")).to_have_count(0)
    assert len(set(await hits.all_inner_texts())) == HITS + 5


@pytest.mark.parametrize("script", [True, False])
async def test_an_example_is_taken_changed_and_asked(visitor, script):
    page = await visitor.page("/memory/sql", java_script_enabled=script)
    await page.get_by_role("link", name="What happens most?").click()
    await expect(page.locator("#sql")).to_contain_text("GROUP BY kind")
    await expect(page.locator("#answer table")).to_have_count(0)
    await page.fill("#sql", "SELECT 6 * 7 AS answer, 'by heart' AS how")
    await page.get_by_role("button", name="Ask").click()
    await expect(page.locator("#answer td")).to_have_text(["42", "by heart"])
    await expect(page.locator("#answer th")).to_have_text(["answer integer", "how text"])
    await page.fill("#sql", "SELECT nothing")
    await page.get_by_role("button", name="Ask").click()
    await expect(page.locator("#answer .wrong")).to_contain_text('column "nothing" does not exist')
    await expect(page.locator("#sql")).to_have_value("SELECT nothing")


async def test_an_answer_is_saved_as_a_file(visitor, tmp_path: Path):
    page = await visitor.page("/memory/sql")
    await page.fill("#sql", "SELECT 'a, b' AS text, 1 AS number")
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="Download as CSV").click()
    saved = tmp_path / "answer.csv"
    await (await waiting.value).save_as(saved)
    assert list(csv.reader(saved.read_text().splitlines())) == [["text", "number"], ["a, b", "1"]]


@pytest.mark.parametrize("script", [True, False])
async def test_a_document_is_handed_in_found_opened_and_deleted(visitor, script):
    page = await visitor.page(java_script_enabled=script)
    await hand_in(page)
    await page.fill("input[name=q]", "painting sheds")
    await page.press("input[name=q]", "Enter")
    await page.get_by_role("link", name="house.md, lines 1-3").click()
    await expect(page.locator(".read.cited")).to_contain_text("dark green")
    await page.get_by_text("Delete this document").click()
    await expect(page.locator(".danger")).to_contain_text("2 passages and their vectors go")
    await page.get_by_role("button", name="Delete house.md").click()
    await page.wait_for_url("**/memory/documents?gone=*")
    await expect(page.get_by_role("link", name="house.md")).to_have_count(0)


async def test_a_citation_in_an_answer_opens_the_line(visitor, script):
    page = await visitor.page()
    await hand_in(page)
    here = await page.get_by_role("link", name="house.md").get_attribute("href")
    script(lambda _: Reply(text=f"In the pantry ([house.md, line 7]({here}?line=7))."))
    await page.goto("/")
    await say(page, "where is the bread?")
    await page.get_by_role("link", name="house.md, line 7").click()
    await expect(page.locator(".read.cited")).to_contain_text("in the pantry")


async def test_a_point_of_the_map_opens_what_it_is(visitor):
    page = await prepared(visitor)
    await page.goto("/memory/map")
    while await page.locator(".map a.look-task").count() < 4:
        await page.reload()
    point = page.locator(".map a.look-task").filter(has=page.locator("title", has_text="Added task 'oil the bike'"))
    await point.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Added task 'oil the bike'")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_all_text_of_memory_can_be_read(visitor, scheme):
    page = await prepared(visitor, color_scheme=scheme)
    for path in PAGES:
        await page.goto(path)
        assert await page.evaluate(CONTRAST) == [], path


async def test_nothing_of_memory_sticks_out_on_a_phone(visitor):
    page = await prepared(visitor, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    for path in PAGES:
        await page.goto(path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
    await page.goto("/memory/sql")
    await page.fill("#sql", "SELECT * FROM events ORDER BY sequence DESC LIMIT 20")
    await page.get_by_role("button", name="Ask").click()
    await expect(page.locator("#answer td").first).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
