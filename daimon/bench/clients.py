"""The readers of `bench stream`: the model server itself, a page, and a program with an API key, all equally bare."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from contextlib import AsyncExitStack

import msgspec

from daimon.bench.browser import Browser, Turn, chat_page
from daimon.bench.http_client import connected, lags

MODEL = "small"
QUESTION = "Tell me something."
_ASKED = msgspec.json.encode({"model": MODEL, "messages": [{"role": "user", "content": QUESTION}], "stream": True})


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A program that may ask over the API."""

    address: str
    key: str


async def direct(url: str, tokens: int) -> Turn:
    """Ask the model server itself."""
    return await _ask(url, "/api/chat", {}, tokens, b'"done":true')


async def over_api(program: Program, tokens: int) -> Turn:
    """Ask over `/v1/chat/completions`."""
    headers = {"Authorization": f"Bearer {program.key}", "Content-Type": "application/json"}
    return await _ask(program.address, "/v1/chat/completions", headers, tokens, b"[DONE]")


async def on_page(browser: Browser, tokens: int) -> Turn:
    """Ask on a chat page of its own."""
    async with chat_page(browser) as page:
        return await page.say(QUESTION, token(0), token(tokens - 1))


async def on_pages(browsers: Sequence[Browser], tokens: int) -> list[Turn]:
    """Open all the pages, then ask on all of them at once."""
    async with AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(chat_page(browser)) for browser in browsers]
        return await asyncio.gather(*(page.say(QUESTION, token(0), token(tokens - 1)) for page in pages))


def token(number: int) -> bytes:
    """What the scripted model server writes."""
    return f"token{number}".encode()


def medians(turns: Sequence[Turn]) -> Turn:
    """The turn in the middle, figure by figure."""
    return Turn(
        first=statistics.median(turn.first for turn in turns),
        last=statistics.median(turn.last for turn in turns),
        size=int(statistics.median(turn.size for turn in turns)),
        lags=tuple(lag for turn in turns for lag in turn.lags),
    )


async def _ask(url: str, path: str, headers: dict[str, str], tokens: int, over: bytes) -> Turn:
    loop = asyncio.get_running_loop()
    async with connected(url) as connection:
        began = loop.time()
        answer = connection.send("POST", path, _ASKED, headers)
        await answer.read_head()
        if answer.status != 200:
            raise ConnectionError(f"{path} answered {answer.status}.")
        first = await answer.until(token(0)) - began
        last = await answer.until(token(tokens - 1)) - began
        await answer.until(over)
    return Turn(first=first, last=last, size=len(answer.body), lags=tuple(lags(answer)))
