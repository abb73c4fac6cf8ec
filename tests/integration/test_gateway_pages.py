"""Pages and forms: with and without a script, with parts of Daimon away, and with things nobody should send."""

from __future__ import annotations

import asyncio
import re

import pytest
from msgspec.structs import replace

from proto import chat, events, tasks
from proto.base import new_id
from proto.chat import MESSAGE_LIMIT
from tests.fakes.ollama import Reply
from tests.integration.gateway_parts import WITHIN
from tests.support.chatting import say

pytest_plugins = ("tests.integration.gateway_fixtures",)


async def titles(front, ada) -> list[str]:
    found = await front.cli.call(tasks.LIST, tasks.ListTasks(), caller=ada)
    return [f"{task.title}{' (done)' if task.done else ''}" for task in found.tasks]


async def task_ids(browser) -> list[str]:
    return re.findall(r'data-move="/tasks/([^/"]+)/move"', await browser.page("/tasks"))


@pytest.mark.parametrize("htmx", [True, False])
async def test_tasks_can_be_changed_with_and_without_a_script(front, browser, ada, htmx):
    async def post(path: str, **form: str) -> None:
        response = await browser.post(path, htmx=htmx, back="/tasks", **form)
        if htmx:
            assert (response.status_code, response.text) == (200, "")
        else:
            assert (response.status_code, response.headers["location"]) == (303, "/tasks")

    for title in ("buy milk", "call mum", "fix bike"):
        await post("/tasks", title=title)
    milk, mum, bike = await task_ids(browser)
    await post(f"/tasks/{milk}/complete")
    await post(f"/tasks/{bike}/move", position="1")
    await post(f"/tasks/{mum}/rename", before="call mum", title="call   dad")
    assert await titles(front, ada) == ["fix bike", "buy milk (done)", "call dad"]
    await post(f"/tasks/{milk}/reopen")
    await post(f"/tasks/{bike}/delete")
    assert await titles(front, ada) == ["buy milk", "call dad"]
    page = await browser.page("/tasks")
    assert "call dad" in page
    assert "2 open" in page


@pytest.mark.parametrize(("path", "form", "sentence"), [
    ("/tasks", {"title": "  "}, "A task needs a title."),
    ("/tasks", {}, "A task needs a title."),
    ("/tasks", {"title": "x" * 501}, "at most 500 characters"),
    ("/tasks/1/move", {"position": "first"}, "A place in the list is a number from 1."),
    ("/tasks/1/move", {"position": "0"}, "A place in the list is a number from 1."),
    ("/tasks/1/move", {"position": "9" * 400}, "A place in the list is a number from 1."),
    ("/tasks/nothing/delete", {}, "nothing"),
])  # fmt: skip
@pytest.mark.parametrize("htmx", [True, False])
async def test_a_wrong_change_is_refused_in_a_sentence(browser, path, form, sentence, htmx):
    response = await browser.post(path, htmx=htmx, **form)
    assert 400 <= response.status_code < 500
    assert sentence in response.text
    assert ("beforeend:#notices" in response.text) is htmx
    assert ("<title>" in response.text) is not htmx


async def test_a_form_returns_only_to_a_page_of_ours(browser):
    for back in ("//evil.example", "http://evil.example", "/\\evil.example", "javascript:x", "", "/a\nb"):
        response = await browser.post("/tasks", htmx=False, title="t", back=back)
        assert response.headers["location"] == "/", back


async def test_a_message_leads_to_its_conversation(front, browser, ada):
    home = await browser.page("/")
    (here,) = re.findall(r'<form id="composer" method="post" action="([^"]+)"', home)
    sent = await browser.post(here, text="hello", mode="chat")
    assert (sent.status_code, sent.text, sent.headers["hx-replace-url"]) == (200, "", here)
    await answered(front, ada, here)
    plain = await browser.post(here, htmx=False, text="again", mode="chat")
    assert (plain.status_code, plain.headers["location"]) == (303, here)
    await answered(front, ada, here)
    page = await browser.page(here)
    assert "You said: hello" in page
    assert "You said: again" in page


async def answered(front, ada, here: str) -> chat.Conversation:
    caller = replace(ada, conversation=here.removeprefix("/chat/"))
    async with asyncio.timeout(WITHIN), front.cli.follow(events.in_conversation(ada.user, caller.conversation)) as log:
        while True:
            found = await front.cli.call(chat.READ, chat.Read(conversation=caller.conversation), caller=caller)
            if found.exchanges and found.exchanges[-1].outcome:
                return found
            await log.next()


async def test_the_mode_is_switched_by_word_and_by_button(front, browser, ada):
    switched = await browser.post("/chat/modes", text="/command", mode="chat")
    assert re.search(r'value="command" checked', switched.text)
    assert "hx-replace-url" not in switched.headers
    both = await browser.post("/chat/modes", text="/command add milk to my list", mode="chat")
    assert re.search(r'value="command" checked', both.text)
    found = await answered(front, ada, "/chat/modes")
    assert (found.exchanges[0].mode, found.exchanges[0].asked) == ("command", "add milk to my list")
    plain = await browser.post("/chat/modes", htmx=False, text="hello", mode="command")
    assert plain.headers["location"] == "/chat/modes?mode=command"
    assert re.search(r'value="command" checked', await browser.page("/chat/modes?mode=command"))


@pytest.mark.parametrize(("text", "status", "sentence"), [
    ("", 400, "nothing in the message"),
    (" \n ", 400, "nothing in the message"),
    ("x" * (MESSAGE_LIMIT + 1), 413, "characters"),
    ("nul \0", 400, "NUL"),
])  # fmt: skip
@pytest.mark.parametrize("htmx", [True, False])
async def test_a_message_that_cannot_be_sent_is_kept(browser, text, status, sentence, htmx):
    response = await browser.post("/chat/kept", htmx=htmx, text=text)
    assert response.status_code == status
    assert sentence in response.text


async def test_a_busy_conversation_refuses_and_keeps_the_text(browser, script):
    script(lambda _: Reply(text="one two three four", fault="hang", after=2))
    here = f"/chat/{new_id()}"
    assert (await browser.post(here, text="first")).status_code == 200
    busy = await browser.post(here, text="second")
    assert busy.status_code == 423
    assert "still writing" in busy.text
    plain = await browser.post(here, htmx=False, text="second thoughts")
    assert plain.status_code == 423
    assert re.search(r"<textarea[^>]*>second thoughts</textarea>", plain.text)
    assert "still writing" in plain.text
    async with browser.live(conversation=here.removeprefix("/chat/")) as stream:
        assert (await browser.post(f"{here}/stop")).status_code == 200
        await stream.until("Stopped.")


async def test_stopping_nothing_is_no_failure(browser):
    assert (await browser.post("/chat/quiet/stop")).status_code == 200
    assert (await browser.post("/chat/quiet/stop", htmx=False)).headers["location"] == "/chat/quiet"


@pytest.mark.parametrize("size", [1_000_001, 10_000_000])
async def test_a_huge_body_is_refused_in_a_sentence(browser, size):
    form = f"csrf={browser.csrf}&text=".encode() + b"x" * size
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-CSRF": browser.csrf}
    response = await browser.client.post("/chat/huge", content=form, headers=headers)
    assert response.status_code == 413
    assert "more than 1 MB" in response.text


@pytest.mark.parametrize("body", [b"\xff\xfe\x00binary", b"text=%ff%fe", b"text=%00"])
async def test_a_binary_body_is_refused_in_a_sentence(browser, body):
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-CSRF": browser.csrf, "HX-Request": "true"}
    response = await browser.client.post("/chat/binary", content=body, headers=headers)
    assert response.status_code == 400
    assert re.search(r"UTF-8|NUL", response.text)


async def test_ten_thousand_lines_come_through(front, browser, ada):
    text = "\n".join(f"line {number}" for number in range(10_000))
    assert (await browser.post("/chat/lines", text=text.replace("\n", "\r\n"))).status_code == 200
    assert (await answered(front, ada, "/chat/lines")).exchanges[0].asked == text


async def test_an_address_that_is_not_there_says_so(browser):
    for path in ("/nowhere", "/chat", "/tasks/1", "/static/app.css", "/timeline/x", "/timeline/" + new_id(), "/in"):
        assert "There is nothing here" in await browser.page(path, status=404)


async def test_an_event_shows_what_led_to_it(front, browser, ada):
    heard = await say(front.cli, ada, "add buy milk to my list", "chain")
    log = [found.event for found in await front.cli.journal.read(events.of_user(ada.user))]
    by_kind = {event.kind: event for event in log}
    page = await browser.page(f"/timeline/{by_kind['task.added'].id}")
    assert "Added task &#39;buy milk&#39;" in page
    chain = page.split("What led to it")[1]
    assert chain.index(f"/timeline/{heard.turn}") < chain.index(f"/timeline/{by_kind['chat.called'].id}")


async def test_an_event_of_somebody_else_is_not_there(front, browser, ada):
    other = replace(ada, user=f"bob-{new_id()}")
    made = await front.cli.call(tasks.ADD, tasks.AddTask(title="a secret"), caller=other)
    assert "a secret" not in await browser.page(f"/timeline/{made.event}", status=404)


async def test_any_event_of_a_long_log_is_found(front, browser, ada):
    made = [await front.cli.call(tasks.ADD, tasks.AddTask(title=f"t{number}"), caller=ada) for number in range(700)]
    for place in (0, 1, 350, 698, 699):
        assert f"t{place}&#39;" in await browser.page(f"/timeline/{made[place].event}")


async def test_the_menu_is_shown_with_what_runs(browser):
    page = await browser.page("/mind/actions")
    assert "tasks.add" in page
    assert "What is to be done" in page
    assert "sandbox.run" not in page


async def test_without_memory_pages_say_so_and_chat_goes_on(front, browser, ada):
    assert "Memory is still catching up" in await browser.page("/memory?q=milk")
    assert "Memory is still catching up" in await browser.page("/timeline")
    assert "Memory is away" in await browser.page("/")
    assert (await browser.post("/chat/on", text="hello")).status_code == 200
    await answered(front, ada, "/chat/on")
    assert "You said: hello" in await browser.page("/chat/on")


async def test_without_the_model_service_the_rest_is_there(own_front, ada):
    browser = await own_front.browser(ada.user)
    page = await browser.page("/chat/quiet")
    assert "daimon status" in page
    assert "Add a task" in page
    refused = await browser.post("/chat/quiet", htmx=False, text="hello")
    assert refused.status_code == 503
    await browser.post("/tasks", title="still works")
    assert "still works" in await browser.page("/tasks")


async def test_without_the_task_service_its_place_says_so(own_front, ada):
    browser = await own_front.browser(ada.user)
    await own_front.stop("tasks")
    assert "daimon status" in await browser.page("/tasks")
    refused = await browser.post("/tasks", title="t")
    assert refused.status_code == 503
    assert "tasks.add" in refused.text


async def test_without_the_ui_service_a_page_of_last_resort_comes_back_by_itself(own_front, ada):
    browser = await own_front.browser(ada.user)
    await own_front.stop("ui")
    response = await browser.client.get("/tasks")
    assert (response.status_code, response.headers["refresh"]) == (503, "3")
    assert "Not just now" in response.text
    notice = await browser.post("/tasks", title=" ")
    assert (notice.status_code, "A task needs a title." in notice.text) == (400, True)
    await own_front.ui()
    assert "Add a task" in await browser.page("/tasks")


async def test_without_the_bus_everybody_is_told_at_once(own_front, ada):
    browser = await own_front.browser(ada.user)
    style = re.findall(r'href="(/static/[^"]+)"', await browser.page("/tasks"))
    assert [await browser.page(path) for path in style]
    await own_front.nats.kill()
    async with asyncio.timeout(20):
        while (response := await browser.client.get("/tasks")).status_code != 503:
            pass
    assert response.headers["refresh"] == "3"
    assert "bus" in response.text
    assert "tries again by itself" in response.text
    refused = await browser.post("/tasks", title="lost?")
    assert refused.status_code == 503
    assert "nothing was done" in refused.text
    assert (await browser.client.get("/healthz")).status_code == 503
    assert [await browser.page(path) for path in style]
    stranger = await own_front.stranger()
    stranger.cookies.set(f"daimon_{own_front.port}", "unknown")
    assert (await stranger.get("/tasks")).status_code == 503
    await own_front.nats.start()
    async with asyncio.timeout(WITHIN):
        while (await browser.client.get("/tasks")).status_code != 200:
            pass
    assert (await browser.post("/tasks", title="kept")).status_code == 200


@pytest.mark.parametrize(("old", "new"), [
    ("/search?q=milk&noun=task", "/memory?q=milk&noun=task"), ("/search", "/memory"), ("/actions", "/mind/actions"),
])  # fmt: skip
async def test_addresses_of_before_lead_on(browser, old, new):
    response = await browser.client.get(old)
    assert (response.status_code, response.headers["location"]) == (303, new)
