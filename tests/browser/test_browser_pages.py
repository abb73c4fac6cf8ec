"""The other pages, and what must hold on all of them: contrast, phones, keys, and a theme of one's own."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

PAGES = ("/", "/tasks", "/memory?q=milk", "/timeline", "/mind/actions", "/sign-in", "/nowhere")

CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const over = (top, below) => {
    const alpha = top[3] ?? 1;
    return [0, 1, 2].map((i) => top[i] * alpha + below[i] * (1 - alpha));
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    const layers = [];
    for (let e = node; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const poor = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, style = getComputedStyle(e);
    const seen = e.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (!walk.currentNode.data.trim() || !seen) continue;
    if (e.closest(".unseen, :disabled, [aria-hidden=true]")) continue;
    const ground = behind(e), ink = over(parse(style.color), ground);
    const [high, low] = [light(ink), light(ground)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) poor.push(`${walk.currentNode.data.trim().slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return poor;
}"""


async def prepared(visitor, **options):
    """A page of somebody who has done a few things."""
    page = await visitor.page(**options)
    await page.fill("#message", "add buy milk to my list")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".turn[aria-busy=false] .answer").last).to_contain_text("Done")
    await page.fill("#message", "run uname -s")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".tool.done")).to_have_count(2)
    await expect(page.locator(".turn[aria-busy=true]")).to_have_count(0)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_all_text_can_be_read(visitor, scheme):
    page = await prepared(visitor, color_scheme=scheme)
    await page.locator(".tool summary").last.click()
    assert await page.evaluate(CONTRAST) == []
    for path in PAGES:
        await page.goto(path)
        assert await page.evaluate(CONTRAST) == [], path


async def test_the_contrast_test_sees_poor_contrast(visitor):
    page = await visitor.page("/tasks")
    await page.locator("h1").evaluate("heading => { heading.style.color = 'rgb(200, 195, 190)'; }")
    assert [line.rpartition(" ")[0] for line in await page.evaluate(CONTRAST)] == ["Tasks"]


async def test_nothing_sticks_out_on_a_phone(visitor):
    page = await prepared(visitor, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    here = page.url
    for path in (here, *PAGES):
        await page.goto(path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
        await expect(page.get_by_role("link", name="Mind", exact=True)).to_be_in_viewport(ratio=1)
    await page.goto(here)
    await page.get_by_role("button", name="Tasks").click()
    await expect(page.locator("#tasks .task")).to_contain_text("buy milk")
    await page.keyboard.press("Escape")
    await expect(page.locator("#tasks")).to_be_hidden()
    await page.get_by_role("button", name="Conversations").click()
    await expect(page.locator("#lines a")).to_be_visible()


async def test_every_control_can_be_reached_and_seen_by_keyboard(visitor):
    page = await visitor.page("/tasks")
    await page.fill("#new-task", "one")
    await page.press("#new-task", "Enter")
    await expect(page.locator(".task")).to_have_count(1)
    await page.locator("body").evaluate("body => body.querySelector('.skip').focus()")
    names = []
    for _ in range(40):
        names.append(await page.evaluate(
            "() => { const e = document.activeElement, s = getComputedStyle(e); return ["
            "e.ariaLabel || e.textContent.trim() || e.name, s.outlineStyle !== 'none' || s.boxShadow !== 'none'] }"
        ))  # fmt: skip
        await page.keyboard.press("Tab")
    reached = [name for name, _ in names]
    for wanted in ("Skip to content", "Chat", "Tasks", "New task", "Add", "Sort", "one", "one: edit", "Delete one"):
        assert wanted in reached, (wanted, reached)
    assert all(seen for _, seen in names[: reached.index("Delete one")])


async def test_the_theme_is_chosen_and_kept_also_without_a_script(visitor):
    for options in ({}, {"java_script_enabled": False}):
        page = await visitor.page("/tasks", color_scheme="light", **options)
        ground = "getComputedStyle(document.documentElement).backgroundColor"
        before = await page.evaluate(ground) if not options else ""
        await page.get_by_label("Account and appearance").click()
        await page.get_by_role("button", name="Dark").click()
        await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        await page.goto("/memory")
        await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        if not options:
            assert await page.evaluate(ground) != before


async def test_search_finds_what_was_done_and_links_to_it(visitor):
    page = await prepared(visitor)
    await page.goto("/memory")
    assert await page.get_by_label("Kind").evaluate("kinds => kinds.selectedOptions[0].text") == "everything"
    await page.fill("input[name=q]", "milk")
    await page.press("input[name=q]", "Enter")
    await page.wait_for_url("**/memory?q=milk*")
    found = page.locator(".hits li").filter(has_text="Added task 'buy milk'")
    while not await found.count():
        await page.reload()
    await expect(found.locator(".why").first).to_be_visible()
    await found.locator(".what").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Added task 'buy milk'")
    await expect(page.locator(".chain")).to_contain_text("Asked")


async def test_the_timeline_follows_live_and_goes_back(visitor):
    page = await visitor.page("/timeline?noun=task")
    other = await page.context.new_page()
    await other.goto("/tasks")
    await other.fill("#new-task", "seen live")
    await other.press("#new-task", "Enter")
    await expect(page.locator(".event .what").first).to_have_text("Added task 'seen live'")
    await page.locator(".event .what").first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Added task 'seen live'")


async def test_the_timeline_is_read_page_by_page(visitor):
    page = await visitor.page("/tasks")
    for _ in range(130):
        await page.request.get("/tasks")
    # What htmx asks for is no visit, so waiting adds nothing to what is waited for.
    asked = {"HX-Request": "true"}
    while (await (await page.request.get("/timeline?noun=page", headers=asked)).text()).count("Opened /tasks") < 100:
        pass
    await page.goto("/timeline?noun=page")
    await page.get_by_role("link", name="Older").click()
    await expect(page.get_by_text("This is where it begins.")).to_be_visible()
    links = await page.locator(".event .what").evaluate_all("links => links.map(link => link.href)")
    assert len(links) == len(set(links)) > 100


async def test_an_action_can_be_tried_from_the_menu(visitor):
    page = await visitor.page("/mind/actions")
    entry = page.locator(".entry").filter(has_text="tasks.add").first
    await expect(entry).to_contain_text("What is to be done")
    await entry.locator(".tries a").first.click()
    await expect(page.locator("#message")).not_to_have_value("")


async def test_a_suggestion_fills_the_composer(visitor):
    page = await visitor.page()
    await page.get_by_role("link", name="run uname -a").click()
    await expect(page.locator("#message")).to_have_value("run uname -a")
    await expect(page.locator("#message")).to_be_focused()


async def test_signing_out_closes_every_tab(visitor):
    page = await visitor.page("/tasks")
    other = await page.context.new_page()
    await other.goto("/tasks")
    await page.get_by_label("Account and appearance").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/sign-in")
    await expect(other.locator("#connection")).to_be_visible()
    await other.fill("#new-task", "too late")
    await other.press("#new-task", "Enter")
    await other.wait_for_url("**/sign-in")


async def test_times_are_shown_in_the_readers_own_zone(visitor):
    page = await visitor.page("/tasks", timezone_id="Asia/Tokyo", locale="de-DE")
    await page.goto("/timeline")
    while not await page.locator(".event time").count():
        await page.reload()
    shown, exact = await page.locator(".event time").first.evaluate("time => [time.textContent, time.dateTime]")
    assert "UTC" not in shown
    assert int(shown[:2]) == (int(exact[11:13]) + 9) % 24


async def test_motion_is_reduced_on_request(visitor):
    page = await visitor.page("/tasks", reduced_motion="reduce")
    await page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<p class=now>…</p>')")
    assert await page.evaluate("document.getAnimations().length") == 0
