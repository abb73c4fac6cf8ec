"""`daimon bench stream`: what an answer loses on its way from the model to the page."""

from __future__ import annotations

import asyncio
import statistics
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack

import msgspec

from daimon.bench.browser import Browser, Turn, chat_page, sign_in
from daimon.bench.http_client import connected
from daimon.bench.programs import free_port, fresh_home, model_server, up
from daimon.bench.report import Figure, figure

MODEL = "small"
QUESTION = "Tell me something."
SINGLES = 5
"""Answers a round, one after another."""
BURST = 300
STREAMS, STREAM_TOKENS, STREAM_RATE = 50, 100, 20.0
SHORT, LONG, PACE = 60, 240, 60.0
"""Tokens of the answers whose bytes are compared, and how many come a second."""

Found = dict[str, list[float]]


async def run(rounds: int) -> dict[str, Figure]:
    """Measure the model server directly and through the page, in turns."""
    port = free_port()
    found: Found = defaultdict(list)
    async with fresh_home(f"http://127.0.0.1:{port}") as home, up(home) as system:
        browsers = [await sign_in(home, system.address, f"reader{number}") for number in range(STREAMS)]
        for _ in range(rounds):
            await _single(port, browsers[0], found)
            await _many(port, browsers, found)
            await _sizes(port, browsers[0], found)
    return _figures(found)


async def _single(port: int, browser: Browser, found: Found) -> None:
    """One stream: the first token, and a burst as fast as it comes."""
    async with model_server(rate=0, tokens=BURST, port=port) as url:
        await _page(browser, BURST)
        pairs = [(await _direct(url, BURST), await _page(browser, BURST)) for _ in range(SINGLES)]
    direct, page = _medians([one for one, _ in pairs]), _medians([two for _, two in pairs])
    found["first_direct"].append(direct.first * 1000)
    found["first_added"].append((page.first - direct.first) * 1000)
    found["burst_direct"].append(BURST / direct.last)
    found["burst_page"].append(BURST / page.last)


async def _many(port: int, browsers: Sequence[Browser], found: Found) -> None:
    """Many streams at once."""
    async with model_server(rate=STREAM_RATE, tokens=STREAM_TOKENS, port=port) as url:
        direct = await asyncio.gather(*(_direct(url, STREAM_TOKENS) for _ in browsers))
        page = await _pages(browsers, STREAM_TOKENS)
    first_direct, first_page = _medians(direct).first, _medians(page).first
    found["many_direct"].append(first_direct * 1000)
    found["many_page"].append(first_page * 1000)
    found["many_ratio"].append(first_page / first_direct)


async def _sizes(port: int, browser: Browser, found: Found) -> None:
    """The bytes of an answer, and of one that is four times as long."""
    sizes = []
    for tokens in (SHORT, LONG):
        async with model_server(rate=PACE, tokens=tokens, port=port):
            sizes.append((await _page(browser, tokens)).size)
    found["bytes_short"].append(float(sizes[0]))
    found["bytes_ratio"].append(sizes[1] / sizes[0])


async def _direct(url: str, tokens: int) -> Turn:
    """Ask the model server itself."""
    asked = {"model": MODEL, "messages": [{"role": "user", "content": QUESTION}], "stream": True}
    loop = asyncio.get_running_loop()
    async with connected(url) as connection:
        began = loop.time()
        answer = connection.send("POST", "/api/chat", msgspec.json.encode(asked))
        await answer.read_head()
        first = await answer.until(_token(0)) - began
        last = await answer.until(_token(tokens - 1)) - began
        await answer.until(b'"done":true')
    return Turn(first=first, last=last, size=len(answer.body))


async def _page(browser: Browser, tokens: int) -> Turn:
    async with chat_page(browser) as page:
        return await page.say(QUESTION, _token(0), _token(tokens - 1))


async def _pages(browsers: Sequence[Browser], tokens: int) -> list[Turn]:
    """Open all the pages, then ask on all of them at once."""
    async with AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(chat_page(browser)) for browser in browsers]
        return await asyncio.gather(*(page.say(QUESTION, _token(0), _token(tokens - 1)) for page in pages))


def _token(number: int) -> bytes:
    return f"token{number}".encode()


def _medians(turns: Sequence[Turn]) -> Turn:
    return Turn(
        first=statistics.median(turn.first for turn in turns),
        last=statistics.median(turn.last for turn in turns),
        size=int(statistics.median(turn.size for turn in turns)),
    )


def _figures(found: Found) -> dict[str, Figure]:
    direct = statistics.median(found["first_direct"])
    burst = statistics.median(found["burst_direct"])
    many = statistics.median(found["many_direct"])
    share = [page / one for page, one in zip(found["burst_page"], found["burst_direct"], strict=True)]
    short = statistics.median(found["bytes_short"])
    return {
        "first_token_added": figure(found["first_added"], "ms", f"direct: {direct:.1f} ms"),
        "burst": figure(found["burst_page"], "tokens/s", f"direct: {burst:,.0f} tokens/s"),
        "burst_share": figure(share, "x", "direct"),
        "first_token_50": figure(found["many_ratio"], "x", f"direct: {many:.0f} ms"),
        "first_token_50_page": figure(found["many_page"], "ms", f"direct: {many:.0f} ms"),
        "bytes_4x": figure(found["bytes_ratio"], "x", f"{SHORT} tokens: {short:,.0f} bytes"),
    }
