"""Accounts, sessions and keys as people see them, in a real browser, with and without scripts."""

from __future__ import annotations

import asyncio
from zipfile import ZipFile

import pytest
from playwright.async_api import expect

from proto.base import new_id
from tests.browser.conftest import Visitor, say

SECRET = "four quiet rivers sing"


@pytest.fixture
async def owner(system, chromium):
    """The owner of the whole."""
    found = Visitor(system, chromium)
    found.user = "owner"
    yield found
    await found.leave()


@pytest.mark.parametrize("scripts", [True, False])
async def test_the_owner_invites_somebody_who_comes_back_by_name_and_password(owner, visitor, scripts):
    name = f"eve-{new_id()[-12:]}"
    page = await owner.page("/settings/users", java_script_enabled=scripts)
    await page.get_by_label("Name").fill(name)
    await page.get_by_role("button", name="Invite").click()
    link = await page.locator(".secret pre").inner_text()

    door = await (await visitor.context(java_script_enabled=scripts)).new_page()
    await door.goto(link)
    await expect(door.get_by_role("heading", name=f"Welcome, {name}")).to_be_visible()
    await door.get_by_label("Password").fill(SECRET)
    await door.get_by_label("Once more").fill(SECRET)
    await door.get_by_role("button", name="Open Daimon").click()
    await door.goto("/settings")
    await expect(door.locator("main")).to_contain_text(f"You are {name}, a member")
    await door.context.clear_cookies()

    await door.goto("/sign-in")
    await door.get_by_label("Name").fill(name)
    await door.get_by_label("Password").fill("something else")
    await door.keyboard.press("Enter")
    await expect(door.locator("#notices")).to_contain_text("do not belong together")
    await expect(door.get_by_label("Name")).to_have_value(name)
    await door.get_by_label("Password").fill(SECRET)
    await door.get_by_role("button", name="Sign in").click()
    await door.wait_for_url("**/")

    await page.goto("/settings/users")
    await page.get_by_role("button", name=f"Disable {name}", exact=True).click()
    await expect(page.locator(".rows")).to_contain_text("disabled")
    await door.goto("/tasks")
    await expect(door.get_by_role("heading", name="You are at the door")).to_be_visible()


async def test_a_key_is_shown_once_and_revoked(visitor):
    page = await visitor.page("/settings/keys")
    await page.get_by_label("Name").fill("laptop")
    await page.get_by_role("button", name="Make a key").click()
    await expect(page.locator(".secret pre")).to_contain_text("daimon-")
    await page.goto("/settings/keys")
    await expect(page.locator(".secret")).to_have_count(0)
    await expect(page.locator(".rows")).to_contain_text("never used")
    await page.get_by_role("button", name="Revoke laptop").click()
    await expect(page.locator(".rows")).to_contain_text("There is no key yet.")


async def test_another_browser_is_signed_out_while_it_looks(visitor):
    here, there = await visitor.page("/settings/sessions"), await visitor.page("/tasks")
    await here.reload()
    row = here.locator(".rows li").filter(has_not_text="This browser")
    await row.get_by_role("button").click()
    await expect(here.locator(".rows li")).to_have_count(1)
    await there.reload()
    await expect(there.get_by_role("heading", name="You are at the door")).to_be_visible()


PAGES = (
    *("/settings", "/settings/sessions", "/settings/keys", "/settings/notifications", "/settings/models"),
    *("/settings/approvals", "/settings/filter", "/settings/instructions", "/settings/memory", "/settings/export"),
    *("/settings/users", "/settings/suggestions"),
)


async def test_the_pages_fit_a_phone_and_each_is_in_the_index(owner):
    page = await owner.page("/settings", viewport={"width": 360, "height": 740})
    links = page.locator(".index a")
    assert {await link.get_attribute("href") for link in await links.all()} >= set(PAGES)
    for path in PAGES:
        await page.goto(path)
        await expect(page.locator(".index [aria-current=page]")).to_have_count(1)
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


@pytest.mark.parametrize("scripts", [True, False])
async def test_instructions_are_written_compared_and_taken_back(owner, scripts):
    page = await owner.page("/settings/instructions?job=summary", java_script_enabled=scripts)
    text = page.get_by_label("Text")
    own = await text.input_value()
    await text.fill("You summarise conversations.\nIn one line.")
    await page.get_by_role("button", name="Use this text").click()
    await expect(page.locator("main")).to_contain_text("The text in use")
    await page.goto("/settings/instructions?job=summary&against=0")
    await expect(page.locator(".changes ins").last).to_contain_text("In one line.")
    await page.get_by_role("button", name="Go back to Daimon").click()
    await expect(page.get_by_label("Text")).to_have_value(own)


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_profile_that_cannot_be_keeps_what_was_typed(visitor, scripts):
    page = await visitor.page("/settings", java_script_enabled=scripts)
    await page.get_by_label("Name shown").fill("Ada L.")
    await page.get_by_label("Time zone").fill("Narnia")
    await page.get_by_role("button", name="Keep").click()
    await expect(page.locator("#notices")).to_contain_text("There is no time zone 'Narnia'")
    await expect(page.get_by_label("Name shown")).to_have_value("Ada L.")
    await page.get_by_label("Time zone").fill("Asia/Kathmandu")
    await page.get_by_role("button", name="Keep").click()
    await expect(page.locator("header .account")).to_have_text("Ada L.")


async def test_a_command_is_told_in_another_tab_and_leads_to_its_conversation(visitor):
    context = await visitor.context()
    here = await context.new_page()
    await here.goto(await visitor.link())
    await here.get_by_role("button", name="Open Daimon").click()
    await here.wait_for_url("**/")
    there = await context.new_page()
    await there.goto("/settings/approvals")
    await say(here, "/command show my list")
    notice = there.locator("#notices .notice")
    await expect(notice).to_contain_text("list")
    await notice.get_by_role("link", name="Open").click()
    await expect(there.locator(".asked")).to_contain_text("show my list")


@pytest.mark.parametrize("scripts", [True, False])
async def test_recording_is_paused_and_kinds_are_kept_for_days(visitor, scripts):
    page = await visitor.page("/settings/memory", java_script_enabled=scripts)
    await expect(page.locator("#progress")).to_contain_text("Search by meaning goes by minilm")
    await page.get_by_role("button", name="Pause what Daimon can do without").click()
    await expect(page.locator("main")).to_contain_text("leave no trace")
    await page.get_by_role("button", name="Record everything again").click()
    await expect(page.locator("main")).to_contain_text("Everything is recorded.")
    days = page.get_by_label("Days that page.visited is kept")
    await days.fill("soon")
    await page.get_by_role("button", name="Keep the days of page.visited").click()
    await expect(page.locator("#notices")).to_contain_text("The days are a number")
    await expect(days).to_have_value("soon")
    await days.fill("30")
    await page.get_by_role("button", name="Keep the days of page.visited").click()
    await expect(page.locator("main")).to_contain_text("30 days")


async def test_all_that_is_kept_is_downloaded(visitor):
    page = await visitor.page("/settings/export")
    async with page.expect_download() as coming:
        await page.get_by_role("button", name="Download all of it").click()
    with ZipFile(await (await coming.value).path()) as archive:
        assert set(archive.namelist()) == {"README.txt", "events.jsonl", "tasks.jsonl"}
        events = archive.read("events.jsonl").decode().splitlines()
    assert events
    assert all(visitor.user in line for line in events)


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_model_server_that_thinks_long_does_not_hold_the_page_up(visitor, model_server, monkeypatch, scripts):
    page = await visitor.page("/settings", java_script_enabled=scripts)
    answer, gate = model_server.routes["GET", "/api/tags"], asyncio.Event()

    async def late(body):
        await gate.wait()
        yield answer(body)

    monkeypatch.setitem(model_server.routes, ("GET", "/api/tags"), late)
    for path in ("/settings/models", "/mind/models"):
        gate.clear()
        await page.goto(path, wait_until="commit")
        if scripts:  # Without, the browser goes on by itself, and the driver waits until it has arrived.
            await expect(page.locator("#known")).to_contain_text("The model server is being asked.")
        gate.set()
        await expect(page.locator("#known")).to_contain_text("plain:latest")


async def test_a_model_is_chosen_for_titles_and_one_for_a_conversation(visitor):
    page = await visitor.page("/settings/models")
    await page.get_by_label("Model for title").select_option("plain:latest")
    await page.get_by_role("button", name="Use for title").click()
    await expect(page.locator(".rows").first).to_contain_text("plain:latest · chosen by you")
    await page.goto("/")
    await say(page, "hello there")
    await page.wait_for_url("**/chat/*")
    await expect(page.locator(".turn:not(.open)")).to_have_count(1)
    await page.reload()
    await page.get_by_text("This conversation").click()
    await page.get_by_role("link", name="How it answers here").click()
    await page.get_by_label("Temperature").fill("hot")
    await page.get_by_role("button", name="Keep").click()
    await expect(page.locator("#notices")).to_contain_text("a number from 0 to 2")
    await page.get_by_label("Temperature").fill("0.3")
    await page.locator("select[name=model]").select_option("plain:latest")
    await page.get_by_role("button", name="Keep").click()
    await page.wait_for_url("**/chat/*")
    await say(page, "and now")
    await expect(page.locator(".asked .meta").last).to_contain_text("plain:latest")
