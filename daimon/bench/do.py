"""`daimon bench do`: from the request for a command to its durable result, with no language model."""

from __future__ import annotations

import asyncio
import statistics
from collections import defaultdict

import msgspec

from daimon.bench.browser import Browser, sign_in
from daimon.bench.http_client import Connection, connected
from daimon.bench.programs import fresh_home, up
from daimon.bench.report import Figure, figure
from daimon.connection import Connection as Bus
from daimon.connection import connect
from proto import tasks

COMMANDS = 20
"""A round, on each side."""
OWNER = "owner"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """As much of the answer as is looked at."""

    outcome: str = ""
    answer: str = ""
    error: str = ""


async def run(rounds: int) -> dict[str, Figure]:
    """Give commands over HTTP and call the same action on the bus, in turns."""
    found: dict[str, list[float]] = defaultdict(list)
    async with fresh_home() as home, up(home) as system:
        browser = await sign_in(home, system.address, OWNER)
        async with connect(home.path, OWNER) as bus, connected(system.address) as door:
            await _command(door, browser, "add milk to my list")
            for number in range(rounds):
                http, direct = await _round(door, browser, bus, f"round {number}")
                found["http"].append(http * 1000)
                found["direct"].append(direct * 1000)
    direct = statistics.median(found["direct"])
    against = f"the action itself on the bus: {direct:.1f} ms"
    return {"command": figure(found["http"], "ms", against), "action": figure(found["direct"], "ms")}


async def _round(door: Connection, browser: Browser, bus: Bus, name: str) -> tuple[float, float]:
    """Return the median seconds of a command over HTTP, and of its action on the bus."""
    http, direct = [], []
    for number in range(COMMANDS):
        http.append(await _command(door, browser, f"add {name} thing {number} to my list"))
        direct.append(await _action(bus, f"{name} direct {number}"))
    return statistics.median(http), statistics.median(direct)


async def _command(door: Connection, browser: Browser, text: str) -> float:
    loop = asyncio.get_running_loop()
    headers = {**browser.headers, "Content-Type": "application/json"}
    body = msgspec.json.encode({"text": text})
    began = loop.time()
    answer = await door.ask("POST", "/api/do", body, headers)
    told = msgspec.json.decode(await answer.whole(), type=Told)
    seconds = loop.time() - began
    if told.outcome != "done":
        raise ConnectionError(f"The command {text!r} was not done: {told.error or told}.")
    return seconds


async def _action(bus: Bus, title: str) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await bus.call(tasks.ADD, tasks.AddTask(title=title))
    return loop.time() - began
