"""The pages of what runs in a browser: the live picture, trying an action, contrast, and a phone."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.test_browser_pages import CONTRAST

PAGES = ("/mind", "/mind/actions", "/mind/actions/tasks.add", "/mind/models", "/mind/rights?of=tasks")


async def test_the_picture_follows_what_runs_without_a_reload(visitor):
    page = await visitor.page("/mind")
    await page.evaluate("window.stayed = true")
    for name in ("gateway", "llm", "memory", "sandbox", "tasks", "ui"):
        drawn = page.locator(".bus a").filter(has=page.locator("title", has_text=f"{name}: 1 running"))
        await expect(drawn).to_have_count(1)
    # Its span stays at five minutes once that is how long the gateway runs; its lines go on.
    gauges = page.locator(".gauges")
    before = await gauges.inner_html()
    async with asyncio.timeout(30):
        while await gauges.inner_html() == before:
            pass
    assert await page.evaluate("window.stayed")


@pytest.mark.parametrize("script", [True, False])
async def test_an_action_is_run_from_its_form(visitor, script):
    page = await visitor.page("/mind/actions", java_script_enabled=script)
    await page.get_by_role("link", name="tasks.add").first.click()
    await page.get_by_label("title").fill("from the form")
    await page.get_by_role("button", name="Run it").click()
    await expect(page.locator("#tried .tool.done")).to_contain_text("Added task 'from the form'")
    await page.goto("/tasks")
    await expect(page.locator(".task")).to_contain_text("from the form")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_all_text_of_mind_can_be_read(visitor, scheme):
    page = await visitor.page(color_scheme=scheme)
    for path in PAGES:
        await page.goto(path)
        assert await page.evaluate(CONTRAST) == [], path


async def test_nothing_of_mind_sticks_out_on_a_phone(visitor):
    page = await visitor.page(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    for path in PAGES:
        await page.goto(path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
