"""Conversations in a real browser: they stream, stop, survive, and are in every tab."""

from __future__ import annotations

import os
import random
import re
import signal

import pytest
from playwright.async_api import expect

from daimon.up import state
from tests.browser.conftest import say
from tests.browser.test_browser_access import violations
from tests.fakes.ollama import Reply

WORDS = tuple(f"w{number} " for number in range(150))
WHOLE = "".join(WORDS).strip()


async def answer(page) -> str:
    """The text of the last turn's answer, as it is shown."""
    return " ".join(await page.locator(".turn").last.locator(".answer").all_inner_texts()).strip()


async def test_a_newcomer_gets_in_with_one_link_and_one_key(visitor):
    page = await (await visitor.context()).new_page()
    await page.goto("/")
    await page.wait_for_url("**/sign-in")
    await expect(page.locator("main")).to_contain_text("daimon link")
    await page.goto(await visitor.link())
    await expect(page.get_by_role("button", name="Open Daimon")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="What shall we do?")).to_be_visible()
    await expect(page.locator("#message")).to_be_focused()


async def test_a_request_in_words_changes_the_list_in_every_tab(visitor):
    page = await visitor.page()
    other = await page.context.new_page()
    await other.goto("/tasks")
    await say(page, "add buy milk to my list")
    await expect(page.locator(".tool.done .action")).to_have_text("tasks.add")
    await expect(page.locator("#board")).to_contain_text("buy milk")
    await expect(other.locator("#board")).to_contain_text("buy milk")
    await expect(page.locator(".turn .answer").last).to_contain_text("Done: ")
    await expect(page.locator("#lines")).to_contain_text("A fine title")
    assert "/chat/" in page.url
    await expect(page.locator("#message")).to_have_value("")


async def test_a_command_runs_in_the_box_and_its_output_is_shown(visitor):
    page = await visitor.page()
    await say(page, "run echo hello from the box; echo trouble >&2")
    card = page.locator(".tool.done")
    await card.locator("summary").click()
    await expect(card.locator("pre").first).to_have_text("hello from the box")
    await expect(card.locator("pre.stderr")).to_have_text("trouble")
    await expect(card).to_contain_text("Exit code 0")


async def test_an_answer_grows_as_text_and_is_then_set_as_markdown(visitor, script):
    script(lambda _: Reply(text=("**Bold** ", "and ", "`code` ", "and ", "more"), rate=4))
    page = await visitor.page()
    await say(page, "go")
    await expect(page.locator(".answer.streaming")).to_contain_text("**Bold** and")
    await expect(page.locator(".turn[aria-busy=true] .writing")).to_be_visible()
    await expect(page.locator(".answer strong")).to_have_text("Bold")
    await expect(page.locator(".answer code")).to_have_text("code")
    await expect(page.locator(".turn[aria-busy=true]")).to_have_count(0)


@pytest.mark.parametrize("seed", range(3))
async def test_reloading_in_the_middle_loses_and_doubles_nothing(visitor, script, seed):
    chance = random.Random(seed)
    script(lambda _: Reply(text=WORDS, rate=60))
    page = await visitor.page()
    await say(page, "go")
    await expect(page.locator(".answer.streaming")).to_contain_text("w3")
    await page.wait_for_url("**/chat/*")
    for _ in range(3):
        await page.reload()
        await expect(page.locator(".answer").last).to_contain_text(f"w{chance.randrange(10, 20)}")
        shown = (await answer(page)).split()
        assert shown == [word.strip() for word in WORDS[: len(shown)]]
    await expect(page.locator(".turn[aria-busy=true]")).to_have_count(0)
    assert await answer(page) == WHOLE


async def test_two_tabs_read_the_same_answer_as_it_grows(visitor, script):
    script(lambda _: Reply(text=WORDS, rate=100))
    page = await visitor.page()
    await say(page, "go")
    await page.wait_for_url("**/chat/*")
    other = await page.context.new_page()
    await other.goto(page.url)
    for each in (page, other):
        await expect(each.locator(".turn[aria-busy=true]")).to_have_count(0)
        assert await answer(each) == WHOLE
    await say(other, "again")
    await expect(page.locator(".turn")).to_have_count(2)
    await expect(page.locator(".turn[aria-busy=true]")).to_have_count(0)
    assert await answer(page) == WHOLE


async def test_stop_stops_and_what_was_written_stays(visitor, script):
    script(lambda _: Reply(text=WORDS, rate=20))
    page = await visitor.page()
    await expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    await say(page, "go")
    await expect(page.locator(".answer")).to_contain_text("w5")
    await page.get_by_role("button", name="Stop").click()
    await expect(page.locator(".stopped")).to_have_text("Stopped.")
    await expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    shown = (await answer(page)).split()
    assert 5 < len(shown) < len(WORDS)
    assert shown == [word.strip() for word in WORDS[: len(shown)]]


async def test_a_second_message_is_refused_and_not_lost(visitor, script):
    script(lambda _: Reply(text=WORDS, rate=20))
    page = await visitor.page()
    await say(page, "first")
    await expect(page.locator(".answer.streaming")).to_contain_text("w1")
    await say(page, "second thoughts")
    await expect(page.locator(".notice")).to_contain_text("still writing")
    await expect(page.locator("#message")).to_have_value("second thoughts")
    await page.get_by_role("button", name="Dismiss").click()
    await expect(page.locator(".notice")).to_have_count(0)
    await page.get_by_role("button", name="Stop").click()
    await expect(page.locator(".stopped")).to_be_visible()
    await page.press("#message", "Enter")
    await expect(page.locator(".turn").nth(1)).to_contain_text("second thoughts")


async def test_a_message_of_blanks_is_refused_where_it_stands(visitor):
    page = await visitor.page()
    await say(page, "   ")
    await expect(page.locator(".notice")).to_contain_text("nothing in the message")
    await expect(page.locator(".turn")).to_have_count(0)


async def test_a_failing_model_says_what_to_do(visitor, script):
    script(lambda _: Reply(fault="status", error="model requires more system memory"))
    page = await visitor.page()
    await say(page, "go")
    await expect(page.locator(".turn > .failed")).to_contain_text("memory")
    await expect(page.locator(".turn[aria-busy=true]")).to_have_count(0)


async def test_typing_a_mode_switches_it(visitor):
    page = await visitor.page()
    await say(page, "/command")
    await expect(page.get_by_label("Command")).to_be_checked()
    await expect(page.locator(".turn")).to_have_count(0)
    await page.get_by_text("Chat", exact=True).last.click()
    await say(page, "/command add tea to my list")
    await expect(page.get_by_label("Command")).to_be_checked()
    await expect(page.locator("#board")).to_contain_text("tea")
    await expect(page.locator(".asked .tag")).to_have_text("command")


async def test_a_command_that_changes_something_is_told_once_with_its_undo(visitor):
    page = await visitor.page("/tasks")
    other = await visitor.page()
    await say(other, "/command add tea to my list")
    other_turn = other.locator(".turn[aria-busy=false]")
    await expect(other_turn).to_have_count(1)
    await expect(page.locator(".toast")).to_contain_text("tea")
    await say(other, "/command what is on my list")
    await expect(other_turn).to_have_count(2)
    await expect(page.locator(".notice:not(.toast)")).to_have_count(1)
    await expect(page.locator(".notice:not(.toast)")).not_to_contain_text("Added")


async def test_a_page_that_becomes_a_conversation_has_its_heading(visitor):
    page = await visitor.page()
    await expect(page.locator("h1")).to_have_text("New conversation")
    await say(page, "hello")
    await expect(page.locator("h1")).to_have_text("A fine title")
    await expect(page).to_have_title("A fine title · Daimon")
    assert not await violations(page)


async def test_shift_enter_starts_a_line(visitor):
    page = await visitor.page()
    await page.fill("#message", "one")
    await page.press("#message", "Shift+Enter")
    await page.keyboard.type("two")
    await page.press("#message", "Enter")
    await expect(page.locator(".said")).to_have_text("one\ntwo")


@pytest.mark.parametrize("hostile", [
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</div></article><button hx-post='/sign-out' hx-trigger='load'>x</button>",
    "[x](javascript:alert(1)) ![y](http://evil.example/p.png) <b>bold</b>",
    "\u202eright to left\u202c and \u200bnothing",
])  # fmt: skip
async def test_markup_in_messages_and_answers_stays_text(visitor, hostile):
    page = await visitor.page()
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    await say(page, hostile)
    await expect(page.locator(".turn .answer").last).to_contain_text("You said:")
    await expect(page.locator(".said")).to_have_text(hostile)
    marked = "img, script, b:not(.meta b), [hx-post], [onerror]"
    assert await page.locator(".turn .said, .turn .body").locator(marked).count() == 0
    assert await page.locator(".turn [hx-post='/sign-out']").count() == 0
    await page.reload()
    await expect(page.locator(".said")).to_have_text(hostile)
    assert not [url for url in requests if "evil" in url or "sign-out" in url]


async def test_ten_thousand_lines_do_not_push_the_answer_away(visitor):
    page = await visitor.page()
    lines = "\n".join(f"line {number}" for number in range(10_000))
    # Typing that much key by key takes Chromium minutes; a paste sets it at once.
    await page.locator("#message").evaluate("(field, text) => { field.value = text; }", lines)
    await page.press("#message", "Enter")
    await expect(page.locator(".turn[aria-busy=false] .answer").last).to_contain_text("You said:")
    box = await page.locator(".said").bounding_box()
    assert box["height"] < 400
    await expect(page.locator(".turn")).to_be_in_viewport()


async def test_the_end_of_the_text_stays_in_sight(visitor, script):
    script(lambda _: Reply(text=("long ", "paragraph\n\n") * 60, rate=300))
    page = await visitor.page()
    await say(page, "go")
    await expect(page.locator(".turn[aria-busy=false]")).to_have_count(1)
    gap = await page.evaluate("() => { const s = document.querySelector('.scroll'); return Math.abs(s.scrollTop); }")
    assert gap < 4
    await page.locator(".scroll").evaluate("scroller => scroller.scrollTo(0, -100000)")
    await expect(page.locator(".said")).to_be_in_viewport()


async def test_an_answer_goes_on_when_the_gateway_is_killed(visitor, script, system):
    script(lambda _: Reply(text=WORDS, rate=40))
    page = await visitor.page()
    await say(page, "go")
    await expect(page.locator(".answer.streaming")).to_contain_text("w9")
    running = state.read_running(system.home)
    os.kill(running.children["gateway"].run.pid, signal.SIGKILL)
    await expect(page.locator("#connection:not([hidden])")).to_have_count(1)
    await expect(page.locator("#connection:not([hidden])")).to_have_count(0)
    await expect(page.locator(".turn[aria-busy=true]")).to_have_count(0)
    assert await answer(page) == WHOLE
    await say(page, "once more")
    await expect(page.locator(".turn")).to_have_count(2)


async def test_a_tab_out_of_sight_lets_its_stream_go_and_catches_up(visitor, script):
    script(lambda _: Reply(text="while you were away"))
    page = await visitor.page()
    await say(page, "first")
    await expect(page.locator(".turn[aria-busy=false]")).to_have_count(1)
    await page.evaluate("""hide = (hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }""")
    await page.evaluate("hide(true)")
    assert await page.evaluate("source.readyState") == 2
    other = await page.context.new_page()
    await other.goto(page.url)
    await say(other, "second")
    await expect(other.locator(".turn[aria-busy=false]")).to_have_count(2)
    await expect(page.locator(".turn")).to_have_count(1)
    await page.evaluate("hide(false)")
    await expect(page.locator(".turn[aria-busy=false]")).to_have_count(2)
    await expect(page.locator("#connection")).to_be_hidden()


async def test_everything_works_without_a_script(visitor, script):
    script(lambda _: Reply(text="It **works**."))
    page = await visitor.page(java_script_enabled=False)
    await page.fill("#message", "hello")
    await page.get_by_role("button", name="Send").click()
    await page.wait_for_url("**/chat/*")
    await expect(page.locator(".said")).to_have_text("hello")
    while await page.locator(".turn.open").count():
        await page.reload()
    await expect(page.locator(".answer strong")).to_have_text("works")
    await page.fill("#message", "   ")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".notice")).to_contain_text("nothing in the message")


async def test_versions_are_made_and_walked_and_other_tabs_turn_with_them(visitor):
    page = await visitor.page()
    await say(page, "red")
    await expect(page.locator(".answer").last).to_contain_text("You said: red")
    await page.wait_for_url("**/chat/*")
    other = await page.context.new_page()
    await other.goto(page.url)
    await say(page, "more")
    await expect(page.locator(".turn .answer").last).to_contain_text("You said: more")
    turn = page.locator(".turn").first
    await turn.get_by_text("Edit", exact=True).click()
    await turn.locator("textarea").fill("blue")
    await turn.get_by_role("button", name="Ask instead").click()
    for each in (page, other):
        await expect(each.locator(".turn")).to_have_count(1)
        await expect(each.locator(".answer")).to_contain_text("You said: blue")
        await expect(each.locator(".versions")).to_contain_text("2 of 2")
    await other.get_by_role("button", name="The version before").click()
    for each in (page, other):
        await expect(each.locator(".said")).to_have_text(["red", "more"])
    await page.locator(".turn").last.get_by_role("button", name="Regenerate").click()
    await expect(other.locator(".versions").last).to_contain_text("2 of 2")


async def test_what_a_turn_takes_is_shown_and_what_the_model_saw_is_one_click_away(visitor):
    page = await visitor.page()
    await say(page, "hello")
    await expect(page.locator(".spent")).to_contain_text("step 1 of 12")
    await expect(page.locator(".spent meter")).to_be_visible()
    await page.get_by_role("link", name="What the model saw").click()
    await expect(page.locator("main")).to_contain_text("You are Daimon")
    await expect(page.locator("pre", has_text=re.compile("^hello$"))).to_have_count(1)


async def test_thoughts_are_folded_apart_from_the_answer_and_stay(visitor, script):
    script(lambda _: Reply(text="Four.", thinking=("two ", "and ", "two"), rate=20))
    page = await visitor.page()
    await say(page, "2+2?")
    await expect(page.locator(".turn[aria-busy=false] .answer")).to_have_text("Four.")
    await expect(page.locator(".thought div")).to_be_hidden()
    await page.locator(".thought summary").click()
    await expect(page.locator(".thought div")).to_have_text("two and two")
    await page.reload()
    await page.locator(".thought summary").click()
    await expect(page.locator(".thought div")).to_have_text("two and two")
