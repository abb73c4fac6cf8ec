"""Taking changes back in a real browser: the toast, the page of the line, and the same without a script."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.browser.conftest import say


def toast(page: Page):
    return page.locator("#toast")


async def add(page: Page, title: str) -> None:
    await page.fill("#new-task", title)
    await page.press("#new-task", "Enter")
    await expect(page.locator(".task").last).to_contain_text(title)


async def test_a_change_says_itself_and_is_taken_back_and_done_again_by_its_toast(visitor):
    page = await visitor.page("/tasks")
    await add(page, "buy milk")
    await expect(toast(page)).to_contain_text("Added task 'buy milk'")
    await toast(page).get_by_role("button", name="Undo").click()
    await expect(page.locator(".task")).to_have_count(0)
    await expect(toast(page)).to_contain_text("Undid: Added task 'buy milk'")
    await toast(page).get_by_role("button", name="Do again").click()
    await expect(page.locator(".task")).to_have_count(1)
    await expect(toast(page)).to_contain_text("Did again")
    await toast(page).get_by_role("button", name="Dismiss").click()
    await expect(toast(page)).to_have_text("")


async def test_a_toast_tells_of_the_model_too_on_every_page_that_is_open(visitor):
    page = await visitor.page("/")
    settings = await page.context.new_page()
    await settings.goto("/settings")
    await say(page, "add buy milk to my list")
    for open_page in (page, settings):
        await expect(toast(open_page)).to_contain_text("Daimon: Added task 'buy milk'")
    await settings.bring_to_front()
    await toast(settings).get_by_role("button", name="Undo").press("Enter")
    await expect(toast(settings)).to_contain_text("Undid")
    await page.bring_to_front()
    await expect(page.locator("#board .task")).to_have_count(0)


async def test_an_old_step_shows_what_builds_on_it_before_it_is_undone(visitor):
    page = await visitor.page("/tasks")
    await add(page, "buy milk")
    await page.get_by_role("checkbox", name="buy milk").click()
    await add(page, "call mum")
    await page.goto("/undo")
    await expect(page.locator(".event .what")).to_have_text(
        ["Added task 'call mum'", "Completed task 'buy milk'", "Added task 'buy milk'"]
    )
    await page.get_by_label("Undo: Added task 'buy milk'").click()
    await expect(page.locator(".ask")).to_contain_text("Completed task 'buy milk'; Added task 'buy milk'")
    await page.get_by_role("button", name="Undo these 2").click()
    await expect(page.locator(".undone .what")).to_have_text(["Completed task 'buy milk'", "Added task 'buy milk'"])
    await page.get_by_role("button", name="Do again").click()
    await expect(page.locator(".undone .what")).to_have_count(1)
    await page.goto("/tasks")
    await expect(page.locator(".task")).to_have_count(2)


async def test_the_line_works_without_a_script(visitor):
    page = await visitor.page("/undo", java_script_enabled=False)
    await expect(page.locator("main")).to_contain_text("Nothing was changed yet")
    await page.goto("/tasks")
    await page.fill("#new-task", "buy milk")
    await page.get_by_role("button", name="Add").click()
    await page.goto("/undo")
    await page.get_by_label("Undo: Added task 'buy milk'").click()
    await page.get_by_role("button", name="Undo it").click()
    await expect(page.locator(".undone .what")).to_have_text("Added task 'buy milk'")


async def test_a_toast_whose_change_others_build_on_leads_to_the_line(visitor):
    page = await visitor.page("/tasks")
    await add(page, "buy milk")
    await expect(toast(page)).to_contain_text("Added task 'buy milk'")
    await page.evaluate("source.close()")
    other = await page.context.new_page()
    await other.goto("/tasks")
    await other.get_by_role("checkbox", name="buy milk").click()
    await expect(other.get_by_role("checkbox", name="buy milk")).to_be_checked()
    await toast(page).get_by_role("button", name="Undo").click()
    await page.wait_for_url("**/undo?step=*")
    await expect(page.locator(".ask")).to_contain_text("Completed task 'buy milk'")


async def test_two_clicks_on_undo_undo_once(visitor):
    page = await visitor.page("/tasks")
    await add(page, "one")
    await add(page, "two")
    await expect(toast(page)).to_contain_text("'two'")
    await toast(page).get_by_role("button", name="Undo").dblclick()
    await expect(toast(page)).to_contain_text("Undid: Added task 'two'")
    await page.reload()
    await expect(page.locator(".task")).to_have_count(1)
