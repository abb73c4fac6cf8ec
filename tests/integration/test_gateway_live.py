"""Live streams: everything that happens is on every open page, in order, whole, and soon."""

from __future__ import annotations

import asyncio
import random
import re
from html import unescape
from urllib.parse import parse_qsl

import pytest
from msgspec.structs import replace

from proto import chat, events, tasks
from proto.base import Caller, new_id
from services.runtime.bus import Bus
from tests.fakes.ollama import Reply
from tests.integration.gateway_parts import WITHIN

pytest_plugins = ("tests.integration.gateway_fixtures",)
WORDS = tuple(f"w{number} " for number in range(200))
OPENED = re.compile(r'hx-swap-oob="beforeend:#recent"><article class="turn open" id="turn-([^"]+)"')


async def send(front, browser, conversation: str, text: str) -> None:
    assert (await browser.post(f"/chat/{conversation}", text=text)).status_code == 200


async def test_an_answer_grows_and_is_then_set(front, browser, script):
    script(lambda _: Reply(text=("**bold** ", "and ", "<b>"), rate=100))
    async with browser.live(conversation="grow") as stream:
        await send(front, browser, "grow", "go")
        seen = await stream.until("<strong>bold</strong>")
    turn = OPENED.search(seen)[1]
    assert stream.answer(turn) == "**bold** and <b>"
    assert seen.index("turn open") < seen.index(f"#answer-{turn}-0") < seen.index("<strong>")
    assert seen.count("&lt;b&gt;") == 2


async def test_every_token_comes_once_also_when_they_come_at_once(front, browser, script):
    script(lambda _: Reply(text=WORDS))
    async with browser.live(conversation="burst") as stream:
        await send(front, browser, "burst", "go")
        seen = await stream.until('aria-busy="false"')
    turn = OPENED.search(seen)[1]
    assert stream.answer(turn) in ("".join(WORDS), "")
    assert "w0 w1 w2" in seen
    assert seen.count("w199") <= 2


async def test_two_pages_see_the_same(front, browser, script):
    script(lambda _: Reply(text=WORDS[:50], rate=500))
    async with browser.live(conversation="two", tasks="1") as one, browser.live(conversation="two", tasks="1") as other:
        await send(front, browser, "two", "go")
        for stream in (one, other):
            seen = await stream.until('aria-busy="false"')
            assert stream.answer(OPENED.search(seen)[1]) == "".join(WORDS[:50])


async def test_a_page_of_another_conversation_sees_none_of_it(front, browser, script):
    script(lambda _: Reply(text="private words"))
    async with browser.live(conversation="one") as one, browser.live(conversation="other", lines="1") as other:
        await send(front, browser, "one", "go")
        await one.until('aria-busy="false"')
        await other.until('hx-swap-oob="afterbegin:#lines-open"')
    assert "private words" not in other.seen
    assert "turn open" not in other.seen


@pytest.mark.parametrize("seed", range(6))
async def test_a_page_that_comes_back_in_the_middle_reads_the_whole(front, browser, script, seed):
    chance = random.Random(seed)
    script(lambda _: Reply(text=WORDS, rate=400))
    conversation, turn = new_id(), ""
    async with browser.live(conversation=conversation) as stream:
        await send(front, browser, conversation, "go")
        turn = OPENED.search(await stream.until("turn open"))[1]
        await stream.until(f"w{chance.randrange(150)}")
    async with browser.live(conversation=conversation, turn=turn, seen="0") as stream:
        await stream.until('aria-busy="false"')
    first = re.search(rf'<div class="answer[^>]*id="answer-{turn}-0"[^>]*>(.*?)</div>', stream.seen, re.DOTALL)
    streamed = first[1] + stream.answer(turn)
    assert streamed in ("".join(WORDS), f"<p>{''.join(WORDS).strip()}</p>\n{streamed.partition('</p>')[2][1:]}")


async def test_a_page_that_missed_nothing_is_sent_nothing_again(front, browser, script):
    script(lambda _: Reply(text="done"))
    async with browser.live(conversation="still") as stream:
        await send(front, browser, "still", "go")
        await stream.until('aria-busy="false"')
    page = await browser.page("/chat/still")
    address = unescape(re.search(r'sse-connect="/live\?([^"]+)"', page)[1])
    query = dict(parse_qsl(address))
    async with browser.live(**query) as stream:
        await browser.post("/tasks", title="a sign of life")
        await stream.until("a sign of life")
    assert "#recent" not in stream.seen


async def test_a_page_that_missed_a_turn_is_sent_it(front, browser, script):
    script(lambda _: Reply(text="done"))
    async with browser.live(conversation="missed") as stream:
        await send(front, browser, "missed", "first question")
        turn = OPENED.search(await stream.until('aria-busy="false"'))[1]
        await send(front, browser, "missed", "second question")
        await stream.until("second question", 'aria-busy="false"')
    async with browser.live(conversation="missed", turn=turn, seen="1") as stream:
        seen = await stream.until("innerHTML:#recent", "second question")
    assert "first question" in seen


async def test_tasks_changed_by_anybody_are_on_every_page(front, browser, ada):
    async with browser.live(tasks="1") as one, browser.live(tasks="1", conversation="x") as other:
        await front.cli.call(tasks.ADD, tasks.AddTask(title="from elsewhere"), caller=ada)
        for stream in (one, other):
            await stream.until("from elsewhere: edit")
        assert one.seen.count('id="board"') >= 2


async def test_a_tool_card_stands_between_the_words(front, browser, ada, script):
    def model(body):
        if body["messages"][-1]["role"] == "tool":
            return Reply(text="It is there.")
        return Reply(text="Let me see. ", calls=(("tasks_add", {"title": "milk"}),))

    script(model)
    async with browser.live(conversation="cards", tasks="1") as stream:
        await send(front, browser, "cards", "add it")
        seen = await stream.until("It is there", 'aria-busy="false"', "1 open")
    final = re.findall(r'<article class="turn" .*?</article>', seen, re.DOTALL)[-1]
    assert final.index("Let me see") < final.index("tasks.add") < final.index("It is there")
    assert "tool running" in seen
    assert "tool done" in final


async def test_a_new_conversation_appears_where_others_are_open(own_front, ada):
    # Memory is away here: what is new in the list is read from the log.
    browser = await own_front.browser(ada.user)
    async with browser.live(conversation="open", lines="1") as stream:
        async with Bus.open(own_front.nats.settings("llm"), "llm") as bus:
            await bus.journal.append(events.happened(chat.Asked(text="hello"), replace(ada, conversation="elsewhere")))
        await stream.until("afterbegin:#lines-open", "/chat/elsewhere", ">hello<")
    assert "Memory is away" in (page := await browser.page("/conversations"))
    assert "/chat/elsewhere" in page


async def test_the_timeline_follows(front, browser, ada):
    async with browser.live(timeline="1", noun="task") as chosen, browser.live(timeline="1") as everything:
        await browser.page("/mind/actions")
        await front.cli.call(tasks.ADD, tasks.AddTask(title="seen live"), caller=ada)
        await chosen.until("seen live", "afterbegin:#events")
        await everything.until("Opened /mind/actions", "seen live")
    assert "Opened" not in chosen.seen


async def test_a_quiet_page_hears_that_the_connection_stands(front, browser, monkeypatch):
    monkeypatch.setattr("services.gateway.live.live.HEARTBEAT", 0.05)
    for wanted in ({"tasks": "1"}, {"conversation": "quiet"}):
        async with browser.live(**wanted) as stream:
            await stream.until("\n:\n", "\n:\n\n:\n")


async def test_streams_end_when_the_service_stops(own_front, ada):
    browser = await own_front.browser(ada.user)
    async with browser.live(tasks="1") as one, browser.live(conversation="x") as other:
        async with asyncio.timeout(20):
            await own_front.stop("gateway")
        await one.end()
        await other.end()


async def test_a_page_is_live_again_after_the_bus_was_away(own_front, ada):
    browser = await own_front.browser(ada.user)
    async with browser.live(tasks="1") as stream:
        await own_front.nats.kill()
        await own_front.nats.start()
        await stream.end()
    async with browser.live(tasks="1") as stream:
        # The other services may still be on their way back to the bus.
        async with asyncio.timeout(WITHIN):
            while (await browser.post("/tasks", title="after the storm")).is_error:
                pass
        await stream.until("after the storm")


async def test_a_page_that_connects_while_the_bus_is_away_waits_for_it(own_front, ada):
    browser = await own_front.browser(ada.user)
    await own_front.nats.kill()
    async with asyncio.timeout(WITHIN):
        while (await browser.client.get("/healthz")).status_code != 503:
            pass
    async with browser.client.stream("GET", "/live?tasks=1") as response:
        assert response.status_code == 200
        await own_front.nats.start()
        async with asyncio.timeout(WITHIN):
            async for line in response.aiter_lines():
                if 'id="connection"' in line:
                    break


async def test_a_page_without_the_ui_service_connects_anew(own_front, ada):
    browser = await own_front.browser(ada.user)
    async with browser.live(tasks="1") as stream:
        await own_front.stop("ui")
        await own_front.cli.call(tasks.ADD, tasks.AddTask(title="meanwhile"), caller=ada)
        await stream.end()
    await own_front.ui()
    async with browser.live(tasks="1") as stream:
        await stream.until("meanwhile")


async def test_fifty_pages_of_one_user_all_hear(front, browser, ada):
    async def one() -> None:
        async with browser.live(tasks="1") as stream:
            ready.release()
            await stream.until("for all of you")

    ready = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as group:
        for _ in range(50):
            group.create_task(one())
        for _ in range(50):
            await ready.acquire()
        await front.cli.call(tasks.ADD, tasks.AddTask(title="for all of you"), caller=ada)


async def test_what_came_of_a_command_is_told_on_every_page_of_its_user(front, browser, script):
    script(lambda _: Reply(text="The attic is tidy."))
    async with (
        browser.live() as elsewhere,
        browser.live(timeline="1") as timeline,
        browser.live(conversation="orders", tasks="1") as here,
        (await front.browser("bob")).live() as theirs,
    ):
        assert (await browser.post("/chat/orders", text="/command tidy the whole attic up")).status_code == 200
        for stream in (elsewhere, timeline, here):
            seen = await stream.until('class="notice"')
            assert "The attic is tidy." in seen.split('class="notice"')[1]
            assert '<a href="/chat/orders">Open</a>' in seen
        await send(front, browser, "orders", "and how is the cellar")
        await here.until("and how is the cellar")
        await front.cli.call(tasks.ADD, tasks.AddTask(title="x"), caller=Caller(user="bob"))
    assert elsewhere.seen.count('class="notice"') == 1
    assert "attic" not in theirs.seen


async def test_a_command_that_fails_is_told_as_a_failure(browser, script):
    script(lambda _: Reply(fault="status", status=500, error="out of memory"))
    async with browser.live() as stream:
        await browser.post("/chat/broken", text="/command tidy the whole attic up")
        assert "That could not be done" in (await stream.until('class="notice failed"'))
