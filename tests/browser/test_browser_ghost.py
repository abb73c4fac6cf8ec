"""What the ghost offers in a real browser: the strip on every page, its key, and the same without a script."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from daimon.connection import connect
from proto import tasks
from tests.browser.test_browser_access import violations
from tests.support.habits import keep_habit, shop, until_offered


def strip(page: Page):
    return page.locator("#offer")


@pytest.fixture
async def person(system, visitor):
    async with connect(system.home.path, visitor.user) as connection:
        yield connection


async def test_the_next_action_comes_onto_an_open_page_and_one_key_does_it(visitor, person):
    page = await visitor.page("/tasks")
    await keep_habit(person)
    await expect(strip(page)).to_have_text("")
    await shop(person, "a loaf", sorts=False)
    await expect(page.locator(".task")).to_have_count(6)
    at = await page.locator(".task").last.bounding_box()
    await expect(strip(page)).to_contain_text("Sort the list by title?")
    assert await page.locator(".task").last.bounding_box() == at, "nothing moves when it comes"
    await expect(strip(page)).to_contain_text(
        "you sorted the list by title 4 of 4 times; foretold rightly 3 of 3 times"
    )
    await page.get_by_role("textbox").first.focus()
    await page.keyboard.press("F2")
    await expect(page.locator(".task").first).to_contain_text("a loaf from the shop")
    await expect(page.locator("#toast")).to_contain_text("Ghost: Sorted the list")
    await expect(strip(page)).to_have_text("")
    await page.locator("#toast").get_by_role("button", name="Undo").click()
    await expect(page.locator(".task").last).to_contain_text("a loaf from the shop")


@pytest.mark.parametrize("scripts", [True, False])
async def test_it_stands_on_every_page_and_is_dismissed_with_or_without_a_script(visitor, person, scripts):
    await keep_habit(person)
    await until_offered(person)
    page = await visitor.page("/settings", java_script_enabled=scripts, viewport={"width": 360, "height": 740})
    for path in ("/", "/timeline", "/settings/suggestions"):
        await page.goto(path)
        await expect(strip(page)).to_contain_text("Sort the list by title?")
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    await expect(page.locator("main")).to_contain_text("you sorted the list by title 4 of 4 times")
    assert not scripts or await violations(page) == []
    await strip(page).get_by_role("button", name="Dismiss this suggestion").click()
    await expect(strip(page)).to_have_text("")
    await page.reload()
    await expect(strip(page)).to_have_text("")
    await expect(page.locator("main")).to_contain_text("1 were dismissed")


async def test_it_is_accepted_without_a_script_and_switched_off(visitor, person):
    await keep_habit(person)
    await until_offered(person)
    page = await visitor.page("/tasks", java_script_enabled=False)
    await strip(page).get_by_role("button", name="Do it").click()
    await expect(page.locator(".task").first).to_contain_text("a loaf from the shop")
    await page.goto("/settings/suggestions")
    await page.get_by_role("button", name="Turn them off").click()
    await expect(page.locator("main")).to_contain_text("Suggestions are off.")


async def test_the_rest_of_a_round_shows_its_steps_before_it_is_done_and_is_undone_at_once(visitor, person):
    for _ in range(4):
        added = await person.call(tasks.ADD, tasks.AddTask(title="report"))
        await person.call(tasks.COMPLETE, tasks.CompleteTask(task=added.task.id))
        await person.call(tasks.DELETE, tasks.DeleteTask(task=added.task.id))
    page = await visitor.page("/tasks")
    await person.call(tasks.ADD, tasks.AddTask(title="report"))
    await expect(strip(page)).to_contain_text("Go on with these 2 steps?")
    await strip(page).locator("summary").click()
    await expect(strip(page).locator("li")).to_have_text(["Complete 'report'", "Delete 'report'"])
    await strip(page).get_by_role("button", name="Do it").click()
    await expect(page.locator(".task")).to_have_count(0)
    await page.goto("/undo")
    await expect(page.locator(".event .what").first).to_have_text("Let the ghost complete 'report' and delete 'report'")
    await page.get_by_label("Undo: Let the ghost").click()
    await page.get_by_role("button", name="Undo it").click()
    await expect(page.locator(".undone .what")).to_contain_text("Let the ghost")
    await page.goto("/tasks")
    await expect(page.locator(".task")).to_have_count(1)
