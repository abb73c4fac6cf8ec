"""Accounts, sessions and keys as people see them, in a real browser, with and without scripts."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from proto.base import new_id
from tests.browser.conftest import Visitor

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


@pytest.mark.parametrize("path", ["/settings", "/settings/sessions", "/settings/keys", "/settings/users"])
async def test_the_pages_fit_a_phone(owner, path):
    page = await owner.page(path, viewport={"width": 360, "height": 740})
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
