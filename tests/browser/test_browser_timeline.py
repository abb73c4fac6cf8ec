"""The timeline in a real browser: days, filters, what led to what, and looking back."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from playwright.async_api import Page, expect

from daimon.connection import connect
from proto import chat, events
from tests.browser.conftest import say


async def add(page: Page, *titles: str) -> None:
    for title in titles:
        await page.fill("#new-task", title)
        await page.press("#new-task", "Enter")
        await expect(page.locator(".task").last).to_contain_text(title)


def event(page: Page, sentence: str):
    return page.locator(".event .what", has_text=sentence)


async def remembered(page: Page, sentence: str, query: str = "") -> None:
    """Open the timeline once memory has an event."""
    await page.goto(f"/timeline?{query}")
    while not await event(page, sentence).count():
        await page.goto(f"/timeline?{query}")


async def test_what_happens_appears_under_its_day_without_a_reload(visitor):
    page = await visitor.page("/timeline", timezone_id="Asia/Tokyo")
    other = await page.context.new_page()
    await other.goto("/tasks")
    await add(other, "buy milk", "call mum")
    await page.bring_to_front()
    await expect(event(page, "Added task 'call mum'")).to_be_visible()
    assert await page.locator(".day", has_text="call mum").locator("h2").count() == 1
    first = await event(page, "Added task").first.text_content()
    assert first == "Added task 'call mum'"


async def test_what_happened_before_the_page_heard_of_anything_is_caught_up(visitor):
    page = await visitor.page("/tasks")
    await add(page, "buy milk")
    await page.goto("/timeline")
    await expect(event(page, "Added task 'buy milk'")).to_be_visible()


@pytest.mark.parametrize("script", [True, False])
async def test_filters_by_kind_actor_and_words(visitor, script):
    page = await visitor.page("/")
    await say(page, "add buy milk to my list")
    await expect(page.locator("#board .task")).to_have_count(1)
    await page.goto("/tasks")
    await add(page, "call mum")
    await remembered(page, "call mum")
    if not script:
        context = await visitor.context(java_script_enabled=False)
        await context.add_cookies(await page.context.cookies())
        page = await context.new_page()
        await page.goto("/timeline")
    await page.get_by_role("link", name="task", exact=True).click()
    await expect(page.locator(".event .kind")).to_have_text(["task.added", "task.added"])
    await page.get_by_label("Only what this one did").select_option("model")
    await page.get_by_role("button", name="Filter").click()
    await expect(page.locator(".event .what")).to_have_text(["Added task 'buy milk'"])
    await page.goto("/timeline?q=mum&noun=task")
    await expect(page.locator(".event .what")).to_have_text(["Added task 'call mum'"])
    await page.goto("/timeline?q=nothingofthekind")
    await expect(page.locator("main")).to_contain_text("No event is like that")


async def test_an_event_shows_what_led_to_it_and_what_it_led_to_and_can_be_asked_about(visitor):
    page = await visitor.page("/")
    await say(page, "add buy milk to my list")
    await expect(page.locator("#board .task")).to_have_count(1)
    await remembered(page, "Added task 'buy milk'")
    await event(page, "Added task 'buy milk'").click()
    chain = page.locator(".chain .event")
    await expect(chain.first).to_contain_text("chat.asked")
    await expect(page.locator(".chain .here")).to_contain_text("Added task 'buy milk'")
    await chain.first.get_by_role("link").click()
    await expect(page.locator(".chain .here")).to_contain_text("chat.asked")
    await expect(page.locator(".chain .led", has_text="Added task 'buy milk'")).to_be_visible()
    await expect(page.locator(".chain .led", has_text="chat.answered")).to_be_visible()
    await page.get_by_role("link", name="Ask about this").click()
    await expect(page.locator("#message")).to_have_value(re.compile(r"^About “.*” \(event [0-9a-f-]{36}\): $"))


async def test_tasks_as_they_were_and_the_way_back(visitor):
    page = await visitor.page("/tasks")
    await add(page, "buy milk")
    then = await page.evaluate("new Date().toISOString()")
    await page.get_by_label("buy milk: edit").click()
    await page.get_by_label("New title").fill("buy oat milk")
    await page.get_by_role("button", name="Save").click()
    await add(page, "call mum")
    await page.goto(f"/tasks?as_of={then}")
    await expect(page.locator(".task")).to_have_text(["buy milk You"])
    await expect(page.locator("main [role=status]")).to_contain_text("This is how it was on")
    await expect(page.locator("main form[method=post]")).to_have_count(0)
    await page.get_by_role("link", name="Back to now").click()
    await expect(page.locator(".task")).to_have_count(2)
    assert page.url.endswith("/tasks")


async def test_the_slider_goes_back_by_keys_and_forward_to_now(visitor):
    page = await visitor.page("/tasks")
    await add(page, "buy milk")
    await remembered(page, "Added task 'buy milk'")
    await page.goto("/tasks")
    await page.get_by_text("Look back").click()
    slider = page.get_by_label("The moment to look at")
    await slider.focus()
    await page.keyboard.press("Home")
    await page.wait_for_url("**/tasks?as_of=*")
    await expect(page.locator("#board")).to_contain_text("There was nothing to do then")
    await expect(page.locator("#at")).to_be_focused()
    await page.keyboard.press("End")
    await page.wait_for_url("**/tasks")
    await expect(page.locator(".task")).to_have_count(1)
    await page.go_back()
    await expect(page.locator("#board")).to_contain_text("There was nothing to do then")


async def test_a_conversation_has_the_slider_too(visitor):
    page = await visitor.page("/")
    await say(page, "hello")
    await expect(page.locator(".turn[aria-busy=false]")).to_have_count(1)
    await page.wait_for_url("**/chat/*")
    await page.get_by_text("Look back").click()
    await page.get_by_label("The moment to look at").focus()
    await page.keyboard.press("Home")
    await page.wait_for_url("**/chat/*?as_of=*")
    await expect(page.locator("main [role=status]")).to_contain_text("This is how it was on")
    await page.get_by_role("link", name="Back to now").click()
    await expect(page.locator("#message")).to_be_visible()


async def test_a_long_conversation_as_it_was_is_read_piece_by_piece(visitor, system):
    page = await visitor.page("/")
    await say(page, "message 0")
    await expect(page.locator(".turn[aria-busy=false]")).to_have_count(1)
    await page.wait_for_url("**/chat/*")
    conversation = unquote(page.url.rpartition("/")[2])
    async with connect(system.home.path, visitor.user, conversation) as connection:
        answered = events.of_kind(chat.Answered.kind, visitor.user, conversation)
        async with connection.bus.follow(answered) as answers:
            for number in range(1, 25):
                asked = chat.Send(conversation=conversation, text=f"message {number}")
                await connection.call(chat.SEND, asked)
                await answers.next()
    then = await page.evaluate("new Date().toISOString()")
    await page.goto(f"{page.url}?as_of={then}")
    await expect(page.locator(".said")).to_have_count(20)
    await expect(page.locator(".said").last).to_have_text("message 24")
    await page.get_by_role("link", name="5 earlier").click()
    await expect(page.locator(".said")).to_have_text([f"message {number}" for number in range(5)])
    await page.get_by_role("link", name="Its end, as it was then").click()
    await expect(page.locator(".said").last).to_have_text("message 24")


async def test_looking_back_works_without_a_script_and_says_what_it_cannot_read(visitor):
    page = await visitor.page("/tasks", java_script_enabled=False)
    await page.fill("#new-task", "buy milk")
    await page.get_by_role("button", name="Add").click()
    with_script = await visitor.page("/timeline")
    await remembered(with_script, "Added task 'buy milk'")
    await page.goto("/tasks")
    await page.get_by_text("Look back").click()
    await page.get_by_label("An exact time").fill("2020-01-02T03:04:05")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("main [role=status]")).to_contain_text("Thursday 2 January 2020, 03:04:05")
    await expect(page.locator("#board")).to_contain_text("There was nothing to do then")
    await page.goto("/tasks?as_of=yesterday-ish")
    await expect(page.locator("main")).to_contain_text("no time that can be read")


async def test_a_conversation_as_it_was_can_be_read_and_not_changed(visitor):
    page = await visitor.page("/")
    await say(page, "add buy milk to my list")
    await expect(page.locator("#board .task")).to_have_count(1)
    await expect(page.locator(".turn.open")).to_have_count(0)
    here = page.url
    then = await page.evaluate("new Date().toISOString()")
    await say(page, "add call mum to my list")
    await expect(page.locator("#board .task")).to_have_count(2)
    await page.goto(f"{here}?as_of={then}")
    await expect(page.locator(".said")).to_have_text(["add buy milk to my list"])
    await expect(page.locator("main form[method=post], main textarea")).to_have_count(0)
    await remembered(page, "call mum")
    await page.goto(f"/?as_of={then}")
    await expect(page.locator(".lines a")).to_have_count(1)
    await page.locator(".lines a").click()
    await expect(page.locator(".said")).to_have_text(["add buy milk to my list"])
    await page.get_by_role("link", name="Back to now").click()
    await expect(page.locator(".said")).to_have_count(2)


async def test_tasks_are_narrowed_by_words_and_state_and_stay_so_when_they_change(visitor):
    page = await visitor.page("/tasks")
    await add(page, "buy milk", "buy bread", "call mum")
    await page.get_by_role("checkbox", name="buy milk").click()
    await page.get_by_label("Only tasks with these words").fill("buy")
    await page.get_by_label("Which tasks").select_option("open")
    await page.get_by_role("button", name="Filter").click()
    await expect(page.locator(".task .title > a:first-child")).to_have_text(["buy bread"])
    other = await page.context.new_page()
    await other.goto("/tasks")
    await add(other, "buy rice", "go home")
    await page.bring_to_front()
    await expect(page.locator(".task .title > a:first-child")).to_have_text(["buy bread", "buy rice"])
    await page.get_by_role("checkbox", name="buy bread").click()
    await expect(page.locator(".task .title > a:first-child")).to_have_text(["buy rice"])
