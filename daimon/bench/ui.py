"""`daimon bench ui`: what each page costs the server, the wire and a browser, with a long log and many talks."""

from __future__ import annotations

import asyncio
import gzip
import re
import shutil
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path

from daimon.bench.browser import Browser, sign_in
from daimon.bench.http_client import Connection, connected
from daimon.bench.long_log import LONG, USER, written
from daimon.bench.programs import System, kept_home, model_server, up
from daimon.bench.report import Figure, figure
from proto import memory
from proto.base import Nothing
from proto.errors import Unavailable
from proto.streams import CONSUMERS
from services.runtime.bus import Bus
from services.runtime.settings import BusSettings

ASKED = 30
POLL = 0.2
WARM = 5.0
"""Seconds after a start in which the engine of vectors warms up, on both processors."""
RATE = 50.0
TOKENS = 150
"""Of the answer whose streaming the browser watches."""
PAGES = (
    "/", "/conversations", f"/chat/{LONG}", "/tasks", "/timeline", "/memory", "/memory/documents", "/memory/sql",
    "/memory/map", "/undo", "/mind", "/mind/actions", "/mind/rights", "/mind/models", "/settings",
    "/settings/approvals", "/settings/filter", "/settings/instructions", "/settings/keys", "/settings/memory",
    "/settings/models", "/settings/notifications", "/settings/sessions", "/settings/suggestions", "/settings/users",
    "/settings/export", "/settings/backup",
)  # fmt: skip
OURS = {"Accept-Encoding": "gzip", "Sec-Fetch-Site": "same-origin"}
_FILES = re.compile(rb'(?:href|src)="(/static/[^"]+)"')


async def run(rounds: int, events: int, conversations: int, keep: Path | None) -> dict[str, Figure]:
    """Fill a Daimon, or go on with one that was filled before, and open every page."""
    async with model_server(rate=RATE, tokens=TOKENS) as model, kept_home(keep, model) as home:
        began, figures = time.perf_counter(), {}
        if not (home.nats / "jetstream").exists():
            count = await written(home, events, conversations)
            rate = count / (time.perf_counter() - began)
            figures["written"] = figure([rate], "/s", f"{count:,} events, {conversations:,} conversations")
        async with up(home) as system:
            async with _joined(system, "gateway") as bus:
                await _settled(bus)
            filled = time.perf_counter() - began
            await asyncio.sleep(WARM)
            figures["filled"] = figure([filled], "s", "all in SQL, with vectors")
            browser = await sign_in(home, system.address, USER)
            async with connected(system.address) as door:
                visitor = Visitor(browser, door)
                cold, _ = await visitor.open(f"/chat/{LONG}")
                figures |= {"long_cold": figure([cold], "ms")} | await _pages(visitor, rounds)
            return figures | await _in_chromium(system, rounds)


async def _in_chromium(system: System, rounds: int) -> dict[str, Figure]:
    """What a browser itself says, where there is one and what drives it."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None or find_spec("playwright") is None:
        return {}
    from daimon.bench.chromium import watched  # noqa: PLC0415 - only a developer has what drives a browser

    return await watched(system, program, rounds)


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
    # The long conversation has a goal of its own.
    del slowest[f"/chat/{LONG}"]
    return figures | {
        "slowest_page": figure([max(slowest.values())], "ms", max(slowest, key=slowest.__getitem__)),
        "long_conversation": figure([_p95(times[f"/chat/{LONG}"])], "ms", "5,000 messages"),
        "first_load": figure([sum(carried) + sizes["/"]], "KB", f"{len(files)} files"),
        "navigation": figure([max(sizes.values())], "KB", max(sizes, key=sizes.__getitem__)),
    }


def _p95(found: list[float]) -> float:
    return statistics.quantiles(found, n=20)[-1]


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
