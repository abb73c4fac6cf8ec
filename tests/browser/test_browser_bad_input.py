"""What people and accidents send: too much, twice, in strange letters; nothing of it is lost or doubled."""

from __future__ import annotations

from playwright.async_api import Page, expect

from daimon.connection import connect
from proto import approvals
from proto.chat import MESSAGE_LIMIT
from tests.browser.conftest import say
from tests.browser.test_browser_access import WIDER
from tests.browser.test_browser_chat import WHOLE, WORDS, answer
from tests.fakes.ollama import Reply

STRANGE = "<b onclick=alert(1)>bold</b> \u202eright to left\u202c \u200b\ufeff\u2066end"


async def paste(page: Page, text: str) -> None:
    """Put a text into the message as a paste does, at once."""
    await page.locator("#message").focus()
    await page.keyboard.insert_text(text)


async def test_a_line_that_is_too_long_is_refused_in_a_sentence_and_stays(visitor):
    page = await visitor.page()
    await paste(page, "x" * (MESSAGE_LIMIT + 1))
    await page.locator("#composer").evaluate("form => form.requestSubmit()")
    await expect(page.locator(".notice.failed")).to_contain_text("200,000 is the limit")
    assert await page.locator("#message").evaluate("field => field.value.length") == MESSAGE_LIMIT + 1
    await page.fill("#message", "")
    await say(page, "hello")
    await expect(page.locator(".turn[aria-busy=false]")).to_have_count(1)
    await expect(page.locator(".said")).to_have_text("hello")


async def test_a_long_line_that_is_pasted_arrives_whole_and_nothing_sticks_out(visitor, script):
    script(lambda _: Reply(text="y" * 60_000))
    page = await visitor.page(viewport={"width": 360, "height": 740})
    await paste(page, "x" * 60_000)
    await page.press("#message", "Enter")
    await expect(page.locator(".turn[aria-busy=false] .answer")).to_contain_text("yyy")
    assert await page.locator(".said").evaluate("said => said.textContent.length") == 60_000
    assert await page.evaluate(WIDER) == 0
    await say(page, "still here?")
    await expect(page.locator(".turn[aria-busy=false]")).to_have_count(2)


async def test_a_title_in_strange_letters_is_text_and_turns_nothing_around(visitor):
    page = await visitor.page()
    await say(page, "hello")
    await expect(page.locator(".turn[aria-busy=false]")).to_have_count(1)
    await page.get_by_text("This conversation").click()
    await page.get_by_label("Title").fill(STRANGE)
    await page.get_by_role("button", name="Rename").click()
    line = page.locator("#lines [aria-current] .title")
    await expect(line).to_have_text(STRANGE)
    await expect(page.locator("h1")).to_have_text(STRANGE)
    await page.reload()
    await expect(page.locator("h1")).to_have_text(STRANGE)
    assert await page.locator("b[onclick]").count() == 0
    # What turns the direction ends with the title: the time beside it reads as ever.
    assert await line.evaluate("line => getComputedStyle(line).unicodeBidi") in ("isolate", "plaintext")


async def test_two_quick_clicks_count_once(system, visitor):
    page = await visitor.page()
    async with connect(system.home.path, visitor.user) as connection:
        await connection.call(approvals.SET, approvals.SetRule(action="tasks.add", rule="ask"))
    await page.fill("#new-task", "only one")
    await page.get_by_role("button", name="Add").dblclick()
    await page.fill("#message", "add buy milk to my list")
    await page.get_by_role("button", name="Send").dblclick()
    await page.get_by_role("button", name="Allow", exact=True).dblclick()
    await expect(page.locator(".tool.done")).to_have_count(1)
    await expect(page.locator(".turn[aria-busy=false]")).to_have_count(1)
    await expect(page.locator(".task .title")).to_have_count(2)
    await expect(page.locator(".notice.failed")).to_have_count(0)
    await expect(page.locator(".said")).to_have_count(1)


async def test_the_way_back_in_the_middle_of_an_answer_leads_to_the_whole_of_it(visitor, script):
    script(lambda _: Reply(text=WORDS, rate=60))
    page = await visitor.page()
    await say(page, "go")
    await expect(page.locator(".answer.streaming")).to_contain_text("w5")
    await page.wait_for_url("**/chat/*")
    await page.goto("/tasks")
    await page.go_back()
    await expect(page.locator(".answer")).to_contain_text("w30")
    await page.go_forward()
    await page.go_back()
    await expect(page.locator(".turn[aria-busy=false]")).to_have_count(1)
    assert await answer(page) == WHOLE
