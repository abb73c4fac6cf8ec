"""`daimon bench stream`: what an answer loses on its way from the model to the page, and to a program.

Direct is who asks the model server itself for the same: with the prompt and the actions that Daimon sends.
"""

from __future__ import annotations

import asyncio
import statistics
from collections import defaultdict
from collections.abc import Sequence

from daimon.bench.browser import Browser, sign_in
from daimon.bench.clients import (
    Program,
    bare,
    direct,
    directs,
    fresh,
    last_request,
    medians,
    on_page,
    on_pages,
    over_api,
    over_apis,
)
from daimon.bench.programs import System, free_port, fresh_home, model_server, up
from daimon.bench.report import Figure, figure
from daimon.connection import connect
from daimon.up import procfs
from proto import keys

SINGLES = 5
"""Answers a round, one after another."""
ONE_TOKENS, ONE_RATE = 20, 200.0
"""A model that is quicker than any on such a machine. One that writes as fast as it can keeps a core to itself while
its first token is on the way, so that the figure is that of the test's own server."""
BURST = 300
RELAYED, RELAYS = 10_000, 3
"""Tokens of an answer that is long enough for the rate to be that of relaying, and how many of them a round."""
FEW, FEW_TOKENS, FEW_RATE = 20, 50, 20.0
STREAMS, STREAM_TOKENS, STREAM_RATE = 50, 100, 20.0
CROWD, CROWD_TOKENS = 200, 50
SHORT, LONG, PACE = 60, 240, 60.0
"""Tokens of the answers whose bytes are compared, and how many come a second."""
OWNER = "owner"

Found = dict[str, list[float]]


async def run(rounds: int) -> dict[str, Figure]:
    """Measure the model server directly, over the API and through the page, in turns."""
    port = free_port()
    found: Found = defaultdict(list)
    async with fresh_home(f"http://127.0.0.1:{port}") as home, up(home) as system:
        browsers = [await sign_in(home, system.address, f"reader{number}") for number in range(STREAMS)]
        program = await _program(system)
        for _ in range(rounds):
            await _single(port, browsers[0], program, found)
            await _burst(port, browsers[0], program, found)
            await _relayed(port, browsers[0], program, found)
            await _few(port, browsers[:FEW], program, found)
            await _many(port, browsers, program, found)
            await _sizes(port, browsers[0], found)
            await _crowd(port, system, program, found)
    return _figures(found)


async def _program(system: System) -> Program:
    async with connect(system.home.path, OWNER) as bus:
        made = await bus.call(keys.ADD_KEY, keys.AddKey(user=OWNER, name="bench"))
    return Program(address=system.address, key=made.secret)


async def _single(port: int, browser: Browser, program: Program, found: Found) -> None:
    """One stream: the first token."""
    async with model_server(rate=ONE_RATE, tokens=ONE_TOKENS, port=port) as url:
        await on_page(browser, ONE_TOKENS), await over_api(program, ONE_TOKENS)
        same = await last_request(url)
        turns = [
            (
                await direct(url, ONE_TOKENS, same),
                await over_api(program, ONE_TOKENS),
                await on_page(browser, ONE_TOKENS),
                await direct(url, ONE_TOKENS, bare()),
                await over_api(program, ONE_TOKENS, fresh()),
                await on_page(browser, ONE_TOKENS, fresh()),
            )
            for _ in range(SINGLES)
        ]
    one, api, page, question, new, asked = (medians(side) for side in zip(*turns, strict=True))
    found["first_bare"].append(question.first * 1000)
    found["fresh_api"].append((new.first - one.first) * 1000)
    found["fresh_page"].append((asked.first - one.first) * 1000)
    found["first_direct"].append(one.first * 1000)
    found["first_api"].append((api.first - one.first) * 1000)
    found["first_page"].append((page.first - one.first) * 1000)


async def _burst(port: int, browser: Browser, program: Program, found: Found) -> None:
    """A short answer as fast as it comes."""
    async with model_server(rate=0, tokens=BURST, port=port) as url:
        await on_page(browser, BURST), await over_api(program, BURST)
        same = await last_request(url)
        turns = [
            (await direct(url, BURST, same), await over_api(program, BURST), await on_page(browser, BURST))
            for _ in range(SINGLES)
        ]
    one, api, page = (medians(side) for side in zip(*turns, strict=True))
    found["burst_direct"].append(BURST / one.last)
    found["burst_api"].append(one.last / api.last)
    found["burst_page"].append(one.last / page.last)


async def _relayed(port: int, browser: Browser, program: Program, found: Found) -> None:
    """A long answer as fast as it comes."""
    async with model_server(rate=0, tokens=RELAYED, port=port) as url:
        await over_api(program, RELAYED)
        same = await last_request(url)
        turns = [
            (await direct(url, RELAYED, same), await over_api(program, RELAYED), await on_page(browser, RELAYED))
            for _ in range(RELAYS)
        ]
    one, api, page = (medians(side) for side in zip(*turns, strict=True))
    found["relay_direct"].append(RELAYED / one.last)
    found["relay_api"].append(one.last / api.last)
    found["relay_page"].append(one.last / page.last)


async def _few(port: int, browsers: Sequence[Browser], program: Program, found: Found) -> None:
    """Some streams at once: how much later each token comes."""
    async with model_server(rate=FEW_RATE, tokens=FEW_TOKENS, port=port, stamped=True) as url:
        await over_api(program, FEW_TOKENS)
        same = await last_request(url)
        one = medians(await directs(url, FEW_TOKENS, same, len(browsers)))
        api = medians(await over_apis(program, FEW_TOKENS, len(browsers)))
        page = medians(await on_pages(browsers, FEW_TOKENS))
    lag = statistics.median(one.lags)
    found["lag_direct"].append(lag)
    found["lag_api"].append(statistics.median(api.lags) - lag)
    found["lag_page"].append(statistics.median(page.lags) - lag)


async def _many(port: int, browsers: Sequence[Browser], program: Program, found: Found) -> None:
    """Many streams at once: the first token."""
    async with model_server(rate=STREAM_RATE, tokens=STREAM_TOKENS, port=port) as url:
        await over_api(program, STREAM_TOKENS)
        same = await last_request(url)
        one = medians(await directs(url, STREAM_TOKENS, same, len(browsers)))
        api = medians(await over_apis(program, STREAM_TOKENS, len(browsers)))
        page = medians(await on_pages(browsers, STREAM_TOKENS))
    found["many_direct"].append(one.first * 1000)
    found["many_api"].append(api.first / one.first)
    found["many_page"].append(page.first / one.first)


async def _sizes(port: int, browser: Browser, found: Found) -> None:
    """The bytes of an answer, and of one that is four times as long."""
    sizes = []
    for tokens in (SHORT, LONG):
        async with model_server(rate=PACE, tokens=tokens, port=port):
            sizes.append((await on_page(browser, tokens)).size)
    found["bytes_short"].append(float(sizes[0]))
    found["bytes_ratio"].append(sizes[1] / sizes[0])


async def _crowd(port: int, system: System, program: Program, found: Found) -> None:
    """A crowd twice: all are answered, and the second time takes no more memory than the first."""
    async with model_server(rate=STREAM_RATE, tokens=CROWD_TOKENS, port=port):
        resident = []
        for _ in range(2):
            asked = (over_api(program, CROWD_TOKENS) for _ in range(CROWD))
            answers = await asyncio.gather(*asked, return_exceptions=True)
            resident.append(_resident(system))
    found["crowd_failed"].append(float(sum(isinstance(answer, BaseException) for answer in answers)))
    found["crowd_grew"].append((resident[1] - resident[0]) / 1e6)


def _resident(system: System) -> int:
    """Bytes of the two services that answers pass through."""
    children = system.state.children
    runs = [children[name].run for name in ("gateway", "llm")]
    return sum(procfs.resident(run.pid) for run in runs if run)


def _figures(found: Found) -> dict[str, Figure]:
    names = ("first_direct", "first_bare", "burst_direct", "relay_direct", "lag_direct", "many_direct", "bytes_short")
    first, bare_, burst, relay, lag, many, short = (statistics.median(found[name]) for name in names)
    return {
        "first_token_api": figure(found["first_api"], "ms", f"direct: {first:.1f} ms"),
        "first_token_page": figure(found["first_page"], "ms", f"direct: {first:.1f} ms"),
        "fresh_api": figure(found["fresh_api"], "ms", "a question that is new"),
        "fresh_page": figure(found["fresh_page"], "ms", "a question that is new, with what memory knows"),
        "first_token_direct": figure(found["first_direct"], "ms", f"a bare question: {bare_:.1f} ms"),
        "lag_api": figure(found["lag_api"], "ms", f"direct, {FEW} streams: {lag:.2f} ms"),
        "lag_page": figure(found["lag_page"], "ms", f"direct, {FEW} streams: {lag:.2f} ms"),
        "burst_api": figure(found["burst_api"], "x", f"direct: {burst:,.0f} tokens/s"),
        "burst_page": figure(found["burst_page"], "x", f"direct: {burst:,.0f} tokens/s"),
        "relay_api": figure(found["relay_api"], "x", f"direct, {RELAYED:,} tokens: {relay:,.0f} tokens/s"),
        "relay_page": figure(found["relay_page"], "x", f"direct, {RELAYED:,} tokens: {relay:,.0f} tokens/s"),
        "first_token_50_api": figure(found["many_api"], "x", f"direct: {many:.0f} ms"),
        "first_token_50_page": figure(found["many_page"], "x", f"direct: {many:.0f} ms"),
        "bytes_4x": figure(found["bytes_ratio"], "x", f"{SHORT} tokens: {short:,.0f} bytes"),
        "crowd_failed": figure(found["crowd_failed"], "answers", f"of {CROWD} at once"),
        "crowd_grew": figure(found["crowd_grew"], "MB", f"{CROWD} more, gateway and llm"),
    }
