"""What a browser does on the chat page, without the browser: sign in, keep the live stream open, post messages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import msgspec

from daimon.bench.http_client import Answer, Connection, connected, lags
from daimon.connection import connect
from daimon.up.home import Home
from proto import accounts
from proto.base import new_id

STANDS = b'id="connection"'
"""What the first live fragment replaces."""
OVER = b'aria-busy="false"'
_CSRF = re.compile(rb'name="csrf" value="([0-9a-f]+)"')


class Browser(msgspec.Struct, frozen=True, kw_only=True):
    """One signed-in browser."""

    address: str
    cookie: str
    csrf: str

    @property
    def headers(self) -> dict[str, str]:
        """What goes with each of its requests."""
        return {"Cookie": self.cookie, "HX-Request": "true", "X-CSRF": self.csrf}


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One message and its answer, as the reader saw them; seconds from the moment of sending."""

    first: float
    """Until the first token."""
    last: float
    """Until the last token."""
    size: int
    """Bytes of the answer's stream."""
    lags: tuple[float, ...] = ()
    """Milliseconds of each token from the model server to the reader, where the server stamps them."""


async def sign_in(home: Home, address: str, user: str) -> Browser:
    """Use up a one-time link for a user."""
    async with connect(home.path, user) as connection:
        link = await connection.call(accounts.INVITE, accounts.Invite(user=user))
    async with connected(address) as door:
        entered = await door.ask("POST", link.path)
        await entered.whole()
        cookie = entered.header("set-cookie").partition(";")[0]
        page = await door.ask("GET", "/", headers={"Cookie": cookie})
        found = _CSRF.search(await page.whole())
    if not cookie or found is None:
        raise ConnectionError(f"Signing in at {address} failed with status {entered.status}.")
    return Browser(address=address, cookie=cookie, csrf=found[1].decode())


class ChatPage:
    """A conversation that is open: its live stream, and a connection to post on."""

    def __init__(self, browser: Browser, conversation: str, stream: Answer, post: Connection) -> None:
        self._browser = browser
        self._conversation = conversation
        self._stream = stream
        self._post = post

    async def say(self, text: str, first: bytes, last: bytes) -> Turn:
        """Post a message, and follow the answer until it is over on the page."""
        loop = asyncio.get_running_loop()
        before = len(self._stream.body)
        headers = {**self._browser.headers, "Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode({"text": text, "mode": "chat"}).encode()
        began = loop.time()
        posted = self._post.send("POST", f"/chat/{self._conversation}", body, headers)
        seen = await self._stream.until(first) - began
        done = await self._stream.until(last) - began
        await self._stream.until(OVER)
        await posted.read_head()
        await posted.whole()
        came = tuple(lags(self._stream, before))
        return Turn(first=seen, last=done, size=len(self._stream.body) - before, lags=came)


@asynccontextmanager
async def chat_page(browser: Browser) -> AsyncIterator[ChatPage]:
    """Open a new conversation and wait until its live stream stands."""
    conversation = new_id()
    async with connected(browser.address) as live, connected(browser.address) as post:
        path = f"/live?tasks=1&conversation={conversation}&seen=0"
        stream = await live.ask("GET", path, headers=browser.headers)
        if stream.status != 200:
            raise ConnectionError(f"The live stream answered {stream.status}.")
        await stream.until(STANDS)
        yield ChatPage(browser, conversation, stream, post)
