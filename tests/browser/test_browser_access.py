"""Every page there is, for everybody: read aloud, small, enlarged, in the dark, without motion, installed, offline."""

from __future__ import annotations

import json
import re
from importlib import resources

import pytest
from playwright.async_api import Page, expect

from daimon.connection import connect
from proto import accounts, documents, sandbox, tasks
from services.gateway.routes import ROUTES
from tests.browser.conftest import say
from tests.browser.test_browser_pages import CONTRAST

AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OTHERS = ("/sign-in", "/offline")
"""Pages that no visit is recorded of."""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
PHONE, ENLARGED = {"width": 360, "height": 740}, {"width": 640, "height": 400}
"""A small phone, and what is left of a common screen at 200 %."""


async def every_page(system, visitor) -> list[str]:
    """The address of every page in the gateway's table, with things of a visitor's own in it."""
    page = await visitor.page()
    await say(page, "run echo a card")
    await expect(page.locator(".tool.done")).to_be_visible()
    await expect(page.locator(".turn[aria-busy=true]")).to_have_count(0)
    await page.wait_for_url("**/chat/*")
    conversation = page.url.rpartition("/")[2]
    note = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"a note"}
    await page.set_input_files("#attach input[type=file]", note)
    await expect(page.locator("#attached a")).to_have_text("note.txt")
    await system.caught_up()
    turn = (await page.locator(".turn").first.get_attribute("id")).removeprefix("turn-")
    async with connect(system.home.path, visitor.user, conversation) as connection:
        owner = accounts.ChangeAccount(user=visitor.user, role="owner")
        await connection.call(accounts.CHANGE_ACCOUNT, owner)
        added = await connection.call(tasks.ADD, tasks.AddTask(title="a task"))
        document = (await connection.call(documents.LIST, documents.ListDocuments())).documents[0].document
        job = await connection.call(sandbox.RUN, sandbox.Run(command="sleep 600", background=True), timeout=60)
    found = {
        "action": "tasks.add",
        "conversation": conversation,
        "turn": turn,
        "event": turn,
        "task": added.task.id,
        "job": job.job,
        "document": document,
    }
    paths = [route.path for route in ROUTES if route.method == "GET" and route.visited]
    addresses = [re.sub(r"\{(\w+)\}", lambda name: found[name[1]], path) for path in paths]
    return [f"{path}?path=/etc/hostname" if path.endswith("/file") else path for path in addresses]


async def violations(page: Page) -> list[str]:
    """What axe-core finds wrong, in a line each."""
    await page.evaluate(AXE)
    run = f"axe.run(document, {{ runOnly: {{ type: 'tag', values: {json.dumps(TAGS)} }} }})"
    found = (await page.evaluate(run))["violations"]
    return [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found for node in one["nodes"]]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_page_keeps_anybody_out(system, visitor, scheme):
    paths = await every_page(system, visitor)
    page = await visitor.page(color_scheme=scheme)
    wrong = {}
    for path in (*paths, *OTHERS):
        await page.goto(path)
        if found := await violations(page):
            wrong[path] = found
    assert not wrong


@pytest.mark.timeout(400)
async def test_every_page_fits_a_small_phone_and_twice_the_size(system, visitor):
    paths = await every_page(system, visitor)
    wide = []
    for size in (PHONE, ENLARGED):
        page = await visitor.page(viewport=size, reduced_motion="reduce")
        for path in (*paths, *OTHERS):
            await page.goto(path)
            await expect(page.locator("main")).to_be_visible()
            if beyond := await page.evaluate(WIDER):
                wide.append((path, size["width"], beyond))
            assert await page.evaluate("() => document.getAnimations().length") == 0, path
    assert not wide


async def test_what_streams_is_read_aloud_and_swaps_leave_the_focus_alone(visitor):
    page = await visitor.page()
    await say(page, "hello")
    await expect(page.locator(".turn[aria-busy=false]")).to_have_count(1)
    await expect(page.get_by_role("log", name="Conversation")).to_have_attribute("aria-live", "polite")
    await expect(page.locator("#message")).to_be_focused()


async def test_it_is_an_app_that_says_what_to_do_while_it_cannot_be_reached(visitor):
    page = await visitor.page()
    address = await page.locator("link[rel=manifest]").get_attribute("href")
    manifest = await (await page.request.get(address)).json()
    assert (manifest["start_url"], manifest["display"]) == ("/", "standalone")
    for icon in manifest["icons"]:
        width = await page.evaluate(
            "async (source) => { const image = new Image(); image.src = source; await image.decode(); "
            "return `${image.width}x${image.height}`; }", icon["src"],
        )  # fmt: skip
        assert width == icon["sizes"]
    await page.evaluate("() => navigator.serviceWorker.ready.then(() => 1)")
    await page.reload()
    await page.context.set_offline(True)
    await page.goto("/tasks")
    await expect(page.locator("main")).to_contain_text("daimon up")
    await expect(page.locator("main")).to_have_css("display", "grid")
    await page.context.set_offline(False)
    await page.goto("/tasks")
    await expect(page.get_by_role("heading", name="Tasks")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_button_under_the_pointer_can_be_read(visitor, scheme):
    page = await visitor.page(color_scheme=scheme)
    for path, button in (("/", ".send"), ("/memory/documents", "button.primary"), ("/settings", "button.primary")):
        await page.goto(path)
        await page.locator(button).first.hover()
        assert await page.evaluate(CONTRAST) == [], path
