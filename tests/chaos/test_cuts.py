"""Two thousand cut connections: whatever a page has missed, its text ends as the log's, byte for byte."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from html import unescape
from urllib.parse import urlsplit

import pytest

from proto import chat
from proto.base import new_id
from proto.errors import Failure
from tests.fakes.ollama import FakeOllama
from tests.fakes.ollama_script import Reply
from tests.integration.gateway_parts import Front

CUTS = 2000
READERS = 8
TOKENS = tuple(f" word{number}" for number in range(300))
WHOLE = "".join(TOKENS).lstrip()
SWAPS = re.compile(
    r'<div hx-swap-oob="beforeend:#answer-[\w-]+">(.*?)</div>|(<article class="turn.*?</article>)', re.DOTALL
)
ANSWER = Reply(text=TOKENS, rate=400)
SEED = 11
WITHIN = 60.0
SHORTEST, LONGEST = 10, 50_000
"""Bytes after which a connection is cut; most are short, but some must bring a whole answer."""


class Page:
    """What a browser shows of the one turn of a conversation, put together from the fragments that came whole."""

    def __init__(self) -> None:
        self.text = ""
        self.over = False
        self.odd: list[str] = []
        """What it showed that is no beginning of the answer."""
        self._rest = ""

    def connected(self) -> None:
        """A new connection begins; what had not come whole is lost, as in a browser."""
        self._rest = ""

    def take(self, received: str) -> None:
        *events, self._rest = (self._rest + received).split("\n\n")
        for event in events:
            self._swap("\n".join(line.removeprefix("data: ") for line in event.split("\n")))

    def _swap(self, html: str) -> None:
        for grown in SWAPS.finditer(html):
            self.text = self._whole(grown[2]) if grown[2] else self.text + unescape(grown[1])
            self.odd += [] if WHOLE.startswith(self.text.lstrip()) else [self.text]

    def _whole(self, article: str) -> str:
        self.over = 'aria-busy="false"' in article
        shown = "".join(re.findall(r'<div class="answer[^>]*>(.*?)</div>', article, re.DOTALL))
        return unescape(re.sub(r"<[^>]+>", "", shown)).rstrip("\n")


class Reader:
    """A page that keeps losing its connection."""

    def __init__(self, front, browser, dice) -> None:
        self.front, self.browser, self.dice = front, browser, dice
        self.conversation = new_id()
        self.page = Page()
        self.cuts = 0
        """Streams that had begun; where nobody listens, nothing is cut."""

    async def read(self) -> None:
        """Connect, read some bytes, cut, and again, until the turn is over on the page."""
        while not self.page.over:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._connect(int(SHORTEST * (LONGEST / SHORTEST) ** self.dice.random()))

    async def _connect(self, limit: int) -> None:
        address = urlsplit(f"http://127.0.0.1:{self.front.port}")
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            cookies = "; ".join(f"{name}={value}" for name, value in self.browser.client.cookies.items())
            path = f"/live?conversation={self.conversation}&seen=0"
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nCookie: {cookies}\r\n\r\n".encode())
            await reader.readuntil(b"\r\n\r\n")
            self.page.connected()
            self.cuts += 1
            await self._read_chunks(reader, limit)
        finally:
            writer.transport.abort()

    async def _read_chunks(self, reader: asyncio.StreamReader, limit: int) -> None:
        while limit > 0 and not self.page.over:
            size = int(await reader.readline() or b"0", 16)
            piece = await reader.readexactly(size + 2)
            self.page.take(piece[:-2][:limit].decode(errors="ignore"))
            limit -= size
            if not size:
                return


@pytest.fixture
async def cut_front(own_nats, models_dir):
    """A gateway with everything a turn needs, all of which may be stopped."""
    async with contextlib.AsyncExitStack() as stack:
        model = await stack.enter_async_context(FakeOllama(lambda body: ANSWER))
        front = Front(own_nats, stack)
        stack.push_async_callback(front.end)
        await front.begin()
        await front.llm(model.url, models_dir)
        yield front


async def again(ask):
    """Ask until it is answered; what is away comes back."""
    while True:
        try:
            return await ask()
        except (Failure, TimeoutError):
            await asyncio.sleep(0.05)


async def restart_gateway(front):
    await front.stop("gateway")
    await front.gateway()


async def restart_nats(front):
    await front.nats.kill()
    await front.nats.start()


async def one_round(front, browser, ada, dice, trouble):
    readers = [Reader(front, browser, dice) for _ in range(READERS)]
    async with asyncio.timeout(WITHIN), asyncio.TaskGroup() as group:
        for reader in readers:
            sent = chat.Send(conversation=reader.conversation, text="tell me")
            await front.cli.call(chat.SEND, sent, caller=ada)
            group.create_task(reader.read())
        await asyncio.sleep(dice.random() * 0.4)
        halted = chat.Stop(conversation=dice.choice(readers).conversation)
        if trouble:
            await trouble(front)
        await again(lambda: front.cli.call(chat.STOP, halted, caller=ada))
    for reader in readers:
        asked = chat.Read(conversation=reader.conversation)
        (exchange,) = (await again(lambda asked=asked: front.cli.call(chat.READ, asked, caller=ada))).exchanges
        assert exchange.outcome in ("done", "stopped")
        assert reader.page.text == exchange.answer.lstrip()
        # Where NATS itself was killed, pieces may be lost that only the end of the answer brings.
        assert trouble is restart_nats or not reader.page.odd
        assert "".join(TOKENS).startswith(exchange.answer)
        assert exchange.outcome == "stopped" or exchange.answer == "".join(TOKENS)
    return sum(reader.cuts for reader in readers)


@pytest.mark.timeout(300)
async def test_a_page_has_the_logs_text_however_often_it_is_cut_off(cut_front, ada):
    dice = random.Random(SEED)
    browser = await cut_front.browser(ada.user)
    cuts, rounds = 0, 0
    while cuts < CUTS:
        trouble = (None, restart_gateway, None, restart_nats)[rounds % 4]
        cuts += await one_round(cut_front, browser, ada, dice, trouble)
        rounds += 1
    assert rounds >= 4, "gateway and NATS were restarted too"
