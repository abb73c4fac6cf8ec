"""`daimon bench ui`: what each page costs the server and the wire, with a long log and thousands of conversations.

The log is filled through the log itself, as the llm service would fill it, and memory projects all of it. The texts are
few and repeat, so that their vectors are made in seconds; only the search page could tell the difference.
"""

from __future__ import annotations

import asyncio
import gzip
import itertools
import re
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from daimon.bench.browser import Browser, sign_in
from daimon.bench.http_client import Connection, connected
from daimon.bench.programs import System, fresh_home, up
from daimon.bench.report import Figure, figure
from proto import chat, memory, titles
from proto.base import Caller, Nothing
from proto.errors import Unavailable
from proto.events import Event, happened
from proto.streams import CONSUMERS
from services.runtime.bus import Bus
from services.runtime.settings import BusSettings

USER = "owner"
LONG = "long"
LONG_EXCHANGES = 2500
"""Of the one conversation of 5,000 messages."""
TOGETHER = 1000
TEXTS = tuple(f"what is to be done about the {thing} of house {number}" for number in range(20) for thing in (
    "roof", "garden", "kitchen", "heating", "windows", "cellar", "door", "floor", "stairs", "paint"))  # fmt: skip
ASKED = 30
POLL = 0.5
PAGES = (
    "/", "/conversations", f"/chat/{LONG}", "/tasks", "/timeline", "/memory", "/undo", "/settings", "/settings/keys",
    "/settings/models",
)  # fmt: skip
OURS = {"Accept-Encoding": "gzip", "Sec-Fetch-Site": "same-origin"}
_FILES = re.compile(rb'(?:href|src)="(/static/[^"]+)"')


async def run(rounds: int, events: int, conversations: int) -> dict[str, Figure]:
    """Fill a fresh Daimon, and open every page."""
    async with fresh_home() as home, up(home) as system:
        began = time.perf_counter()
        async with _joined(system, "llm") as bus:
            await _fill(bus, _story(events, conversations))
        async with _joined(system, "gateway") as bus:
            await _settled(bus)
        filled = time.perf_counter() - began
        browser = await sign_in(home, system.address, USER)
        figures = {"filled": figure([filled], "s", f"{events:,} events, {conversations:,} conversations")}
        async with connected(system.address) as door:
            visitor = Visitor(browser, door)
            cold, _ = await visitor.open(f"/chat/{LONG}")
            figures["long_cold"] = figure([cold], "ms")
            return figures | await _pages(visitor, rounds)


class Visitor:
    """A browser that opens pages, one after another, on one connection."""

    def __init__(self, browser: Browser, door: Connection) -> None:
        self._headers = {"Cookie": browser.cookie, **OURS}
        self._door = door

    async def open(self, path: str) -> tuple[float, bytes]:
        """Open a page; returns the milliseconds until all of it was there, and its bytes as they came."""
        began = time.perf_counter()
        answer = await self._door.ask("GET", path, headers=self._headers)
        body = await answer.whole()
        if answer.status != 200:
            raise Unavailable(f"{path} answered {answer.status}.")
        return (time.perf_counter() - began) * 1000, body


async def _pages(visitor: Visitor, rounds: int) -> dict[str, Figure]:
    times: dict[str, list[float]] = {path: [] for path in PAGES}
    bodies: dict[str, bytes] = {}
    for _ in range(rounds * ASKED // 5):
        for path in PAGES:
            took, bodies[path] = await visitor.open(path)
            times[path].append(took)
    slowest = {path: _p95(found) for path, found in times.items()}
    sizes = {path: len(body) / 1000 for path, body in bodies.items()}
    files = {name.decode() for name in _FILES.findall(gzip.decompress(bodies["/"]))}
    carried = [len((await visitor.open(name))[1]) / 1000 for name in sorted(files)]
    figures = {
        f"p95 {path}": figure([slowest[path]], "ms", f"p50 {statistics.median(times[path]):.1f} ms") for path in PAGES
    }
    return figures | {
        "slowest_page": figure([max(slowest.values())], "ms", max(slowest, key=slowest.__getitem__)),
        "long_conversation": figure([_p95(times[f"/chat/{LONG}"])], "ms", "5,000 messages"),
        "first_load": figure([sum(carried) + sizes["/"]], "KB", f"{len(files)} files"),
        "navigation": figure([max(sizes.values())], "KB", max(sizes, key=sizes.__getitem__)),
    }


def _p95(found: list[float]) -> float:
    return statistics.quantiles(found, n=20)[-1]


def _story(events: int, conversations: int) -> Iterator[Event]:
    """The long conversation, then as many events as were asked for, spread over the others."""
    yield from _talk(LONG, LONG_EXCHANGES)
    each = max(1, (events - 2 * LONG_EXCHANGES) // (2 * conversations))
    for number in range(conversations - 1):
        yield from _talk(f"talk-{number}", each)


def _talk(name: str, exchanges: int) -> Iterator[Event]:
    caller, parent = Caller(user=USER, conversation=name), ""
    for number in range(exchanges):
        text = TEXTS[(number * 7 + len(name)) % len(TEXTS)]
        asked = happened(chat.Asked(text=text, parent=parent), caller)
        parent = asked.id
        yield asked
        if not number:
            yield happened(titles.Titled(title=f"About {name}"), caller)
        yield happened(
            chat.Answered(turn=parent, text=f"First look at it.\n\n- {text}\n- then **call** somebody"), caller
        )


async def _fill(bus: Bus, story: Iterator[Event]) -> None:
    """Append in order, many at once: what is appended together becomes one batch of the log."""
    while batch := list(itertools.islice(story, TOGETHER)):
        await asyncio.gather(*map(bus.journal.append, batch))


@asynccontextmanager
async def _joined(system: System, service: str) -> AsyncIterator[Bus]:
    password = str(system.home.credentials / service)
    settings = BusSettings(url=system.state.nats_url, user=service, password_file=password)
    async with Bus.open(settings, "bench") as bus:
        yield bus


async def _settled(bus: Bus) -> None:
    """Wait until every service is done with the log, and SQL has everything with its vectors."""
    while True:
        waiting = await asyncio.gather(*map(bus.waiting, CONSUMERS))
        progress = await bus.call(memory.PROGRESS, Nothing())
        if not any(waiting) and not progress.waiting:
            return
        await asyncio.sleep(POLL)
