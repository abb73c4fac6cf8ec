"""What the card of an action shows while it runs, in a real browser."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from playwright.async_api import Page, expect

from daimon.connection import connect
from proto import boxes
from tests.browser.conftest import say
from tests.browser.test_browser_access import WIDER, violations
from tests.fakes.ollama import Reply, act, is_aside

UNTIL = "until [ -e ~/{0} ]; do sleep 0.1; done"


async def create(system, visitor, page: Page, name: str) -> None:
    """Write a file into the box of the page's conversation, past the command that runs there."""
    await page.wait_for_url("**/chat/*")
    conversation = unquote(page.url.rpartition("/")[2])
    async with connect(system.home.path, visitor.user, conversation) as connection:
        await connection.call(boxes.WRITE, boxes.WriteFile(path=f"/home/box/{name}", text="1"), timeout=60)


async def test_what_a_command_prints_is_in_its_card_at_once_in_every_tab_and_after_a_reload(system, visitor):
    page = await visitor.page()
    await say(page, f"run echo first; {UNTIL.format('go')}; echo trouble >&2; printf half; {UNTIL.format('end')}; echo")
    await expect(page.locator(".tool.running .paper")).to_have_text("first\n")
    await page.wait_for_url("**/chat/*")
    other = await page.context.new_page()
    await other.goto(page.url)
    await page.reload()
    for each in (page, other):
        await expect(each.locator(".tool.running .paper")).to_have_text("first\n")
    await create(system, visitor, page, "go")
    for each in (page, other):
        await expect(each.locator(".tool.running .paper")).to_have_text("first\ntrouble\nhalf")
        await expect(each.locator(".paper .err")).to_have_text("trouble")
    assert not await violations(page)
    await create(system, visitor, page, "end")
    for each in (page, other):
        await expect(each.locator(".tool.done .state")).to_contain_text("done")
        await expect(each.locator(".tool .paper")).to_have_count(0)
        await each.locator(".tool summary").click()
        await expect(each.locator(".tool pre").first).to_have_text("first\nhalf\n")


async def test_of_a_flood_a_card_shows_the_end_and_the_page_stays_small(system, visitor):
    page = await visitor.page(viewport={"width": 360, "height": 740})
    await say(page, f"run seq 400000; {UNTIL.format('go')}; printf '\\033[31mred\\033[0m over'; {UNTIL.format('end')}")
    await expect(page.locator(".tool.running .paper")).to_contain_text("4")
    await create(system, visitor, page, "go")
    await expect(page.locator(".tool.running .paper")).to_contain_text("red over")
    await expect(page.locator(".paper .f1")).to_have_text("red")
    assert len(await page.locator(".tool .paper").inner_text()) < 40_000
    assert await page.evaluate(WIDER) == 0
    await create(system, visitor, page, "end")
    await expect(page.locator(".tool.done")).to_have_count(1)


SHIFTED = """shifted = []; new PerformanceObserver(list => list.getEntries().forEach(entry => {
  for (const { node, previousRect: from, currentRect: to } of entry.sources)
    shifted.push(`${node?.id || node?.className || node?.nodeName}: ${from.y} to ${to.y}`);
})).observe({ type: "layout-shift", buffered: true });"""
"""Counts what moves within half a second of a key, too; the browser's own score leaves that out."""


@pytest.mark.parametrize("size", [{"width": 1280, "height": 720}, {"width": 360, "height": 740}])
async def test_nothing_that_is_read_moves_while_an_answer_comes(visitor, script, size):
    steps = iter(
        (
            Reply(text=("I ", "will ", "look."), thinking=("two ", "and ", "two"), rate=20),
            Reply(text="", calls=(("tasks.list", {}),)),
            Reply(text=tuple(f"word{number} " for number in range(60)), rate=60),
        )
    )
    page = await visitor.page(viewport=size)
    await page.evaluate(SHIFTED)
    await say(page, "add milk to my list")
    await expect(page.locator(".turn[aria-busy=false]")).to_have_count(1)
    await expect(page.locator("#board")).to_contain_text("milk")
    script(lambda body: act(body) if is_aside(body) else next(steps))
    await say(page, "go")
    await expect(page.locator(".turn[aria-busy=false]")).to_have_count(2)
    await say(page, "go on")
    await expect(page.locator(".turn[aria-busy=false]")).to_have_count(3)
    assert await page.evaluate("shifted") == []
