"""The task list in a real browser: by mouse, by keys, in two tabs, and without a script."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

SORTED = {
    "by title": ("apples", "bread", "cocoa"),
    "newest first": ("bread", "apples", "cocoa"),
    "oldest first": ("cocoa", "apples", "bread"),
    "open ones first": ("cocoa", "bread", "apples"),
}


async def add(page: Page, *titles: str) -> None:
    for title in titles:
        await page.fill("#new-task", title)
        await page.press("#new-task", "Enter")
        await expect(page.locator(".task").last).to_contain_text(title)
        await expect(page.locator("#new-task")).to_have_value("")


def task(page: Page, title: str):
    return page.locator(".task").filter(has_text=title)


async def order(page: Page, *titles: str) -> None:
    await expect(page.locator(".task .title > a:first-child")).to_have_text(list(titles))


async def sort(page: Page, by: str) -> None:
    await page.get_by_label("What comes first").select_option(label=by)
    await page.get_by_role("button", name="Sort").click()


async def test_tasks_by_mouse(visitor):
    page = await visitor.page("/tasks")
    await add(page, "buy milk", "call mum")
    await task(page, "buy milk").get_by_role("checkbox").click()
    await expect(page.get_by_role("checkbox", name="buy milk")).to_be_checked()
    await expect(page.locator(".count")).to_have_text("1 open, 1 done")
    await task(page, "buy milk").get_by_role("checkbox").click()
    await expect(page.get_by_role("checkbox", name="buy milk")).not_to_be_checked()
    await task(page, "call mum").hover()
    await page.get_by_role("button", name="Move call mum up").click()
    await order(page, "call mum", "buy milk")
    await task(page, "buy milk").hover()
    await page.get_by_role("button", name="Delete buy milk").click()
    await order(page, "call mum")
    await page.reload()
    await order(page, "call mum")


async def test_a_task_is_dragged_to_its_place(visitor):
    page = await visitor.page("/tasks")
    await add(page, "one", "two", "three")
    await task(page, "three").locator(".grip").drag_to(task(page, "one"), target_position={"x": 60, "y": 3})
    await order(page, "three", "one", "two")
    box = await task(page, "two").bounding_box()
    target = {"x": 60, "y": box["height"] - 3}
    await task(page, "three").locator(".grip").drag_to(task(page, "two"), target_position=target)
    await order(page, "one", "two", "three")
    await expect(page.locator(".lifted, .drop")).to_have_count(0)


async def test_a_task_is_moved_by_keys_and_keeps_the_focus(visitor):
    page = await visitor.page("/tasks")
    await add(page, "one", "two", "three")
    await page.get_by_label("three: edit").focus()
    await page.keyboard.press("Alt+ArrowUp")
    await order(page, "one", "three", "two")
    await page.keyboard.press("Alt+ArrowUp")
    await order(page, "three", "one", "two")
    await page.keyboard.press("Alt+ArrowUp")
    await page.keyboard.press("Alt+ArrowDown")
    await order(page, "one", "three", "two")
    focused = await page.evaluate("document.activeElement.closest('.task')?.textContent ?? ''")
    assert "three" in focused


async def test_a_task_is_renamed_in_place(visitor):
    page = await visitor.page("/tasks")
    await add(page, "buy milk")
    await page.get_by_label("buy milk: edit").press("Enter")
    field = page.get_by_label("New title")
    await expect(field).to_be_focused()
    await page.keyboard.type("buy oat milk")
    await page.keyboard.press("Enter")
    await order(page, "buy oat milk")
    await expect(field).to_be_hidden()
    await page.get_by_label("buy oat milk: edit").press("Enter")
    await expect(field).to_be_focused()
    await page.keyboard.type("never mind")
    await page.keyboard.press("Escape")
    await expect(page.get_by_label("buy oat milk: edit")).to_be_focused()
    await order(page, "buy oat milk")


async def test_a_list_that_changes_elsewhere_lets_the_one_who_types_go_on(visitor):
    page = await visitor.page("/tasks")
    await add(page, "buy milk")
    other = await page.context.new_page()
    await other.goto("/tasks")
    await page.bring_to_front()
    await page.get_by_label("buy milk: edit").press("Enter")
    await expect(page.get_by_label("New title")).to_be_focused()
    await page.keyboard.type("half a ti")
    await add(other, "from elsewhere")
    await order(page, "buy milk", "from elsewhere")
    await page.keyboard.type("tle")
    await expect(page.get_by_label("New title")).to_have_value("half a title")
    await page.keyboard.press("Escape")
    await expect(page.get_by_label("buy milk: edit")).to_be_focused()


async def rename(page: Page, title: str, *, to: str) -> None:
    await page.get_by_label(f"{title}: edit").click()
    await page.get_by_label("New title").fill(to)
    await page.get_by_role("button", name="Save").click()


async def test_of_two_who_rename_a_task_the_later_one_sees_what_the_first_did(visitor):
    page = await visitor.page("/tasks")
    await add(page, "buy milk")
    other = await page.context.new_page()
    await other.goto("/tasks")
    await other.get_by_label("buy milk: edit").click()
    await other.get_by_label("New title").fill("buy rye bread")
    await rename(page, "buy milk", to="buy oat milk")
    await order(other, "buy oat milk")
    await other.get_by_role("button", name="Save").click()
    await expect(other.locator("#editor .failed")).to_contain_text("renamed to 'buy oat milk'")
    await expect(other.get_by_label("New title")).to_have_value("buy rye bread")
    # The row that the editor lay on is another by now: it stands below the bar all the same.
    assert (await other.locator("#editor").bounding_box())["y"] > 60
    await order(page, "buy oat milk")
    await other.get_by_role("button", name="Save").click()
    await order(page, "buy rye bread")
    await expect(other.locator("#editor")).to_be_hidden()


async def test_the_same_is_told_without_a_script(visitor):
    page = await visitor.page("/tasks", java_script_enabled=False)
    await page.fill("#new-task", "buy milk")
    await page.get_by_role("button", name="Add").click()
    other = await page.context.new_page()
    await other.goto("/tasks")
    await other.get_by_label("buy milk: edit").click()
    await rename(page, "buy milk", to="buy oat milk")
    await order(page, "buy oat milk")
    await other.get_by_label("New title").fill("buy rye bread")
    await other.get_by_role("button", name="Save").click()
    await expect(other.locator(".failed")).to_contain_text("renamed to 'buy oat milk'")
    await other.get_by_role("button", name="Save").click()
    await order(other, "buy rye bread")


async def test_both_tabs_show_what_either_does(visitor):
    page = await visitor.page("/tasks")
    other = await page.context.new_page()
    await other.goto("/")
    await add(page, "one", "two")
    await order(other, "one", "two")
    await other.get_by_role("checkbox", name="one").click()
    await expect(page.get_by_role("checkbox", name="one")).to_be_checked()


@pytest.mark.parametrize("title", [
    "<img src=x onerror=alert(1)>", "</ol><script>alert(1)</script>", "\u202edesrever", "a&amp;b 'c' \"d\"",
])  # fmt: skip
async def test_markup_in_titles_stays_text(visitor, title):
    page = await visitor.page("/tasks")
    await page.fill("#new-task", title)
    await page.press("#new-task", "Enter")
    await order(page, title)
    await page.reload()
    await order(page, title)
    await expect(page.locator(".task img, .task script")).to_have_count(0)
    await page.get_by_role("checkbox", name=title).click()
    await expect(page.get_by_role("checkbox", name=title)).to_be_checked()


async def test_an_invisible_title_can_be_seen_and_deleted(visitor):
    page = await visitor.page("/tasks")
    await page.fill("#new-task", "\u200b\u200b")
    await page.press("#new-task", "Enter")
    await order(page, "(blank)")
    await page.locator(".task").hover()
    await page.get_by_role("button", name="Delete (blank)").click()
    await expect(page.locator(".task")).to_have_count(0)


async def test_every_change_works_without_a_script(visitor):
    page = await visitor.page("/tasks", java_script_enabled=False)
    for title in ("one", "two"):
        await page.fill("#new-task", title)
        await page.get_by_role("button", name="Add").click()
    await order(page, "one", "two")
    await task(page, "two").hover()
    await page.get_by_role("button", name="Move two up").click()
    await order(page, "two", "one")
    await page.get_by_role("checkbox", name="two").click()
    await expect(page.locator(".count")).to_have_text("1 open, 1 done")
    await rename(page, "one", to="uno")
    await order(page, "two", "uno")
    await task(page, "uno").hover()
    await page.get_by_role("button", name="Delete uno").click()
    await order(page, "two")
    assert page.url.endswith("/tasks")


async def test_the_list_is_sorted_for_good(visitor):
    page = await visitor.page("/tasks")
    await add(page, "cocoa", "apples", "bread")
    other = await (await visitor.context(storage_state=await page.context.storage_state())).new_page()
    await other.goto("/tasks")
    await page.get_by_role("checkbox", name="apples").click()
    await expect(page.get_by_role("checkbox", name="apples")).to_be_checked()
    for by, titles in SORTED.items():
        await sort(page, by)
        await order(page, *titles)
        await order(other, *titles)
    await sort(page, "open ones first")
    await expect(page.locator("#notices")).to_contain_text("in that order already")


async def test_the_list_is_sorted_without_a_script_and_put_back(visitor):
    page = await visitor.page("/tasks", java_script_enabled=False)
    for title in ("two", "one"):
        await page.fill("#new-task", title)
        await page.get_by_role("button", name="Add").click()
    await sort(page, "by title")
    await order(page, "one", "two")
    await page.goto("/undo")
    await page.get_by_label("Undo: Sorted the list").click()
    await page.get_by_role("button", name="Undo it").click()
    await page.goto("/tasks")
    await order(page, "two", "one")
