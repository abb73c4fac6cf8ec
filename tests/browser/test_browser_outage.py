"""A page that was away for long, by an outage or by its own sleep, is right again without a reload."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from urllib.parse import unquote

import pytest
from msgspec.structs import replace
from playwright.async_api import Page, expect

from daimon.connection import Connection, connect
from daimon.up import state
from proto import chat, tasks
from proto.streams import PARTS, SECOND
from services.runtime.bus import Bus
from services.runtime.settings import BusSettings
from tests.browser.conftest import say
from tests.browser.test_browser_chat import WHOLE, WORDS
from tests.fakes.ollama import Reply

WITHIN = 60.0
HIDE = """hide = (hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


class Elsewhere:
    """Another door into the same conversation."""

    def __init__(self, system, user: str, page: Page) -> None:
        self._system = system
        self._user = user
        self._conversation = unquote(page.url.rpartition("/")[2])

    async def say(self, text: str) -> None:
        """Say something and wait until it is answered."""
        async with connect(self._system.home.path, self._user, self._conversation) as connection:
            await connection.call(chat.SEND, chat.Send(conversation=self._conversation, text=text))
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until nothing is being written."""
        async with asyncio.timeout(WITHIN), connect(self._system.home.path, self._user) as connection:
            while True:
                if not await self._is_open(connection):
                    return
                await asyncio.sleep(0.05)

    async def _is_open(self, connection: Connection) -> bool:
        read = await connection.call(chat.READ, chat.Read(conversation=self._conversation))
        return any(exchange.outcome is None for exchange in read.exchanges)

    async def add(self, title: str) -> None:
        """Add a task."""
        async with connect(self._system.home.path, self._user) as connection:
            await connection.call(tasks.ADD, tasks.AddTask(title=title))


async def forget_parts(system) -> None:
    """Take away what readers that come late are given of turns, as time does."""
    running = state.read_running(system.home)
    password = str(system.home.credentials / "setup")
    settings = BusSettings(url=running.nats_url, user="setup", password_file=password)
    update = f"$JS.API.STREAM.UPDATE.{PARTS.name}"
    async with asyncio.timeout(WITHIN), Bus.open(settings, "test") as bus:
        while True:
            told = await bus.administer(update, replace(PARTS, max_age=SECOND))
            if not told["state"]["messages"]:
                break
            await asyncio.sleep(0.1)
        await bus.administer(update, PARTS)


async def answers(page: Page) -> list[str]:
    """What each turn's answer reads."""
    return [text.strip() for text in await page.locator(".turn .answer:not(:empty)").all_inner_texts()]


@pytest.mark.parametrize("lost", ["gateway", "nats"])
async def test_after_a_long_outage_the_page_has_all_of_it_once(system, visitor, script, lost):
    script(lambda _: Reply(text=WORDS, rate=60))
    page = await visitor.page()
    await say(page, "first")
    await expect(page.locator(".answer")).to_contain_text("w5")
    await page.wait_for_url("**/chat/*")
    away, elsewhere = page.context, Elsewhere(system, visitor.user, page)
    await away.route("**/live?*", lambda route: route.abort())
    os.kill(state.read_running(system.home).children[lost].run.pid, signal.SIGKILL)
    await expect(page.locator("#connection:not([hidden])")).to_have_count(1)
    await elsewhere.quiet()
    for text in ("second", "third"):
        await elsewhere.say(text)
    await elsewhere.add("from elsewhere")
    await forget_parts(system)
    assert len(await answers(page)) == 1
    await away.unroute("**/live?*")
    await expect(page.locator(".said")).to_have_text(["first", "second", "third"])
    await expect(page.locator("#connection:not([hidden])")).to_have_count(0)
    await expect(page.locator("#board")).to_contain_text("from elsewhere")
    assert await answers(page) == [WHOLE] * 3
    await say(page, "fourth")
    await expect(page.locator(".turn[aria-busy=false]")).to_have_count(4)
    assert await answers(page) == [WHOLE] * 4


async def test_a_server_that_refuses_for_long_is_asked_again_every_few_seconds(visitor):
    page = await visitor.page("/tasks")
    asked = []

    async def refuse(route):
        asked.append(time.monotonic())
        await route.fulfill(status=503, body="away")

    await page.context.route("**/live*", refuse)
    await page.reload()
    async with asyncio.timeout(WITHIN):
        while len(asked) < 9:
            await page.wait_for_timeout(50)
    # The extension alone waits twice as long each time: 63 seconds for so many.
    assert asked[8] - asked[0] < 30
    await page.context.unroute("**/live*")
    await expect(page.locator("#connection:not([hidden])")).to_have_count(0)


async def test_a_page_that_sleeps_and_wakes_again_and_again_has_one_stream_and_each_word_once(visitor, script):
    script(lambda _: Reply(text=WORDS, rate=60))
    page = await visitor.page()
    await page.evaluate(HIDE)
    # A proxy that says so ends a stream for good, and the page must begin another.
    await page.context.route("**/live?*", lambda route: route.fulfill(status=503, body="away"))
    for _ in range(3):
        await page.evaluate("hide(true)")
        await page.evaluate("hide(false)")
    await expect(page.locator("#connection:not([hidden])")).to_have_count(1)
    await page.context.unroute("**/live?*")
    for _ in range(2):
        await page.evaluate("hide(true)")
        await page.evaluate("hide(false)")
    await expect(page.locator("#connection:not([hidden])")).to_have_count(0)
    await say(page, "go")
    await expect(page.locator(".answer.streaming")).to_contain_text("w9")
    for words in [(await answers(page))[0].split() for _ in range(20)]:
        assert words == [word.strip() for word in WORDS[: len(words)]]
    await expect(page.locator(".turn[aria-busy=false]")).to_have_count(1)
    assert await answers(page) == [WHOLE]
