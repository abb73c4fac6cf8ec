"""The command palette and the keys, in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import say


async def palette(page: Page, words: str) -> None:
    await page.keyboard.press("Control+k")
    await expect(page.locator("#go")).to_be_focused()
    await page.keyboard.type(words)


async def test_a_page_is_reached_by_a_few_letters_and_enter(visitor):
    page = await visitor.page("/tasks")
    await palette(page, "timel")
    await expect(page.locator("#ways .way").first).to_contain_text("Timeline")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/timeline")


async def test_conversations_tasks_actions_and_events_are_found(visitor):
    page = await visitor.page("/")
    await say(page, "add buy milk to my list")
    await expect(page.locator("#board .task")).to_have_count(1)
    title = page.locator("#lines a .title")
    await expect(title).to_have_text("A fine title")
    await page.goto("/settings")
    await palette(page, "milk")
    for sort in ("Tasks", "What happened"):
        await expect(page.locator(f"#ways section[aria-label='{sort}'] .way").first).to_contain_text("milk")
    await page.fill("#go", "fine ti")
    await expect(page.locator("#ways section[aria-label='Conversations'] .way").first).to_contain_text("A fine title")
    await page.fill("#go", "tasks add")
    await expect(page.locator("#ways section[aria-label='Actions'] .way").first).to_contain_text("tasks.add")
    await page.locator("#ways section[aria-label='Actions'] .way").first.click()
    await page.wait_for_url("**/mind/actions#tasks.add")


async def test_arrows_walk_through_what_was_found_and_escape_gives_the_focus_back(visitor):
    page = await visitor.page("/tasks")
    await page.get_by_label("New task").focus()
    await palette(page, "")
    await expect(page.locator("#ways .way").nth(1)).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#ways .way").first).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#ways .way").nth(1)).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    await expect(page.locator("#go")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    chosen = await page.locator("#ways .way").nth(1).get_attribute("href")
    await page.keyboard.press("Escape")
    await expect(page.locator("#palette")).to_be_hidden()
    await palette(page, "")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**{chosen}")


async def test_what_is_typed_is_done_as_a_command(visitor):
    page = await visitor.page("/settings")
    await palette(page, "add buy oat milk to my list")
    await page.locator("#ways button.way", has_text="add buy oat milk to my list").click()
    await page.wait_for_url("**/chat/*")
    await page.goto("/tasks")
    await expect(page.locator(".task")).to_have_count(1)


async def test_it_is_a_page_of_its_own_without_a_script(visitor):
    page = await visitor.page("/", java_script_enabled=False)
    await page.get_by_role("button", name="Go to").click()
    await page.get_by_label("Where to go, or what to do").fill("undo")
    await page.locator("#palette").get_by_role("button", name="Find").click()
    await expect(page.locator("main .way").first).to_contain_text("Undo")
    await page.locator("main .way").first.click()
    assert page.url.endswith("/undo")
    await page.goto("/go?q=add+buy+milk+to+my+list")
    await page.locator("main button.way").click()
    await page.wait_for_url("**/chat/*")
    await page.goto("/tasks")
    await expect(page.locator(".task")).to_have_count(1)


async def test_keys_open_pages_and_help_and_can_be_turned_off(visitor):
    page = await visitor.page("/settings")
    await page.keyboard.press("2")
    await page.wait_for_url("**/tasks")
    await page.keyboard.press("/")
    await expect(page.get_by_label("Only tasks with these words")).to_be_focused()
    await page.keyboard.type("2/?")
    await expect(page.get_by_label("Only tasks with these words")).to_have_value("2/?")
    await page.locator("h1").click()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    await page.get_by_role("button", name="Turn them off").click()
    await page.wait_for_load_state()
    await page.keyboard.press("4")
    await page.keyboard.press("Control+k")
    await expect(page.locator("#go")).to_be_focused()
    assert page.url.endswith("/tasks")


@pytest.mark.parametrize("words", ["<img src=x onerror=alert(1)>", "\u202eabc", "a" * 500, "100% _ \\"])
async def test_odd_words_find_nothing_and_break_nothing(visitor, words):
    page = await visitor.page("/tasks")
    await page.keyboard.press("Control+k")
    await page.locator("#go").fill(words)
    await expect(page.locator("#ways button.way")).to_contain_text(words[:40].strip())
    await expect(page.locator("#ways img")).to_have_count(0)
