"""What answers hold, in a real browser: code, formulas, and the way on from a failure."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from daimon.connection import connect
from proto import models
from tests.browser.conftest import say
from tests.browser.test_browser_access import WIDER, violations
from tests.fakes.ollama import Reply

CODE = (
    '@cached\ndef area(width: int, height: int = 2) -> int:  # of a field\n    """How much."""\n'
    '    return width * height if width < 10 else int("0")\n'
)
PATCH = "--- a/x\n+++ b/x\n-old line\n+new line\n"
ANSWER = (
    f"This is how, with `area`:\n\n```python\n{CODE}```\n\nor as a change:\n\n```diff\n{PATCH}```\n\n"
    "where $a_1 * b_2 * c_3$ is the area, and\n\n$$\nA_{total} = \\sum_{i=1}^{n} w_i * h_i\n$$\n\nfor $5 and $10.\n"
)


async def answered(visitor, script, **options) -> Page:
    """A page with an answer that has code and formulas."""
    script(lambda _: Reply(text=(ANSWER,)))
    page = await visitor.page(**options)
    await say(page, "how?")
    await expect(page.locator(".answer figure")).to_have_count(2)
    await expect(page.locator(".turn[aria-busy=true]")).to_have_count(0)
    await page.wait_for_url("**/chat/*")
    await page.reload()
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_code_is_coloured_with_enough_contrast_and_formulas_are_set(visitor, script, scheme):
    page = await answered(visitor, script, color_scheme=scheme)
    colours = "nodes => nodes.map(node => getComputedStyle(node).color)"
    kinds = [".code-keyword", ".code-name", ".code-comment", ".code-string", ".code-number", "code.language-python"]
    seen = {tuple(set(await page.locator(f".answer {kind}").evaluate_all(colours))) for kind in kinds}
    assert len(seen) == len(kinds)
    await expect(page.locator(".answer pre code.language-python")).to_have_text(CODE)
    await expect(page.locator("p > math")).to_have_attribute("alttext", "$a_1 * b_2 * c_3$")
    await expect(page.locator("p > math msub")).to_have_count(3)
    await expect(page.locator(".formula math munderover")).to_be_visible()
    assert not await violations(page)
    await page.get_by_text("As text").first.click()
    assert not await violations(page)


async def test_code_is_taken_as_a_whole_with_the_keyboard_alone(visitor, script):
    page = await answered(visitor, script)
    await page.locator(".answer summary").first.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.locator(".answer textarea").first).to_be_focused()
    await page.keyboard.press("Control+a")
    assert await page.evaluate("() => document.getSelection().toString()") == CODE


async def test_code_and_an_answer_are_copied_by_a_button_that_says_so(visitor, script):
    page = await answered(visitor, script, permissions=["clipboard-read", "clipboard-write"])
    for button, text in ((page.locator("figcaption button").first, CODE), (page.locator("[data-copy]"), ANSWER)):
        await button.click()
        await expect(button.locator("+ [role=status]")).to_have_text("Copied")
        assert await page.evaluate("navigator.clipboard.readText()") == text
    # Without a clipboard, as on a page that did not come by https, the text is shown.
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    await page.locator("figcaption button").last.click()
    await expect(page.locator("figcaption textarea").last).to_be_visible()
    await page.locator("[data-copy]").click()
    await expect(page.locator("body")).to_have_text(ANSWER)


async def test_code_and_formulas_fit_a_small_phone(visitor, script):
    page = await answered(visitor, script, viewport={"width": 360, "height": 740})
    await page.get_by_text("As text").first.click()
    assert await page.evaluate(WIDER) == 0


async def test_a_failed_answer_is_tried_again_where_it_says_why(visitor, script):
    script(lambda _: Reply(fault="status", error="model requires more system memory"))
    page = await visitor.page()
    await say(page, "go")
    await expect(page.locator(".turn > .failed")).to_contain_text("memory")
    await page.wait_for_url("**/chat/*")
    await page.reload()
    assert not await violations(page)
    script(lambda _: Reply(text=("Here it is.",)))
    await page.get_by_role("button", name="Try again").click()
    await expect(page.locator(".answer").last).to_contain_text("Here it is.")
    await expect(page.locator(".turn > .failed")).to_have_count(0)
    await expect(page.locator(".said")).to_have_text(["go"])


async def test_a_card_leads_to_what_its_call_did_and_there_it_can_be_undone(visitor):
    page = await visitor.page()
    await say(page, "add buy milk to my list")
    await expect(page.locator("#board")).to_contain_text("buy milk")
    await expect(page.locator(".turn[aria-busy=true]")).to_have_count(0)
    card = page.locator(".tool.done")
    await expect(card.locator(".state")).to_have_text(re.compile(r"done · [\d.]+ m?s"))
    await card.locator("summary").click()
    await card.get_by_role("link", name="What it did").click()
    await expect(page.locator(".chain .led").first).to_contain_text("buy milk")
    await page.get_by_role("link", name="Undo: ").click()
    await page.get_by_role("button", name="Undo it").click()
    await page.goto("/tasks")
    await expect(page.locator("#board")).to_contain_text("Nothing to do.")


async def test_the_composer_says_which_model_answers_here_and_what_its_box_may_reach(system, visitor):
    page = await visitor.page()
    await expect(page.locator(".engine")).to_contain_text("Network of the box: on")
    await say(page, "hello")
    await expect(page.locator(".turn[aria-busy=false]")).to_have_count(1)
    await page.wait_for_url("**/chat/*")
    conversation = page.url
    await page.reload()
    await page.locator(".engine").get_by_role("link", name="Network of the box").click()
    await page.get_by_label("Allow-list: only").check()
    await page.get_by_label("Hosts of the allow-list").fill("example.org")
    await page.get_by_role("button", name="Set the network").click()
    await page.goto(conversation)
    await expect(page.locator(".engine")).to_contain_text("Network of the box: some hosts")
    await page.locator(".engine").get_by_role("link", name="small:latest").click()
    offered = await page.locator("[name=model] option").evaluate_all("all => all.map(one => one.value)")
    other = next(name for name in offered if name not in ("", "small:latest"))
    await page.locator("[name=model]").select_option(other)
    await page.get_by_role("button", name="Keep").click()
    await expect(page.locator(".engine a").first).to_have_text(other)
    await page.goto("/")
    await expect(page.locator(".engine")).to_contain_text("small:latest")
    async with connect(system.home.path, visitor.user) as connection:
        await connection.call(models.USE, models.UseModel(model=other))
    await page.reload()
    await expect(page.locator(".engine")).to_contain_text(other)
