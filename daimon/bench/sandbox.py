"""`daimon bench sandbox`: commands, new boxes, many boxes and much output, through the bus as anybody asks for them."""

from __future__ import annotations

import asyncio
import statistics
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from daimon.bench import engine
from daimon.bench.programs import System, fresh_home, up
from daimon.bench.report import Figure, figure
from daimon.bench.weights import Weights
from daimon.connection import Connection, connect
from daimon.up.home import Home
from proto import boxes, sandbox, tasks
from proto.base import Nothing, new_id

COMMANDS = 200
"""A round."""
BOXES = 15
IDLE = 100
FLOOD = 100_000_000
MEGABYTE = 1_000_000
PATIENCE = 60.0
LOOK = 0.1
OWNER = "owner"
Found = defaultdict[str, list[float]]


async def run(rounds: int) -> dict[str, Figure]:
    """Measure boxes of bubblewrap, and of an engine where there is one with an image."""
    found: Found = defaultdict(list)
    async with engine.found() as docker:
        async with _running("bwrap", "") as (system, home):
            for _ in range(rounds):
                await _commands(home, found, "warm")
                await _new(home, found, "new_box")
                if docker is not None:
                    found["exec"] += [await docker.exec_seconds() * 1000 for _ in range(BOXES)]
            await _flood(system, home, found)
            await _idle(system, home, found)
        await _from_pool("bwrap", "", found, "pooled_box")
        if docker is not None:
            await _with_engine(docker, rounds, found)
    return _figures(found)


def _figures(found: Found) -> dict[str, Figure]:
    units = {"idle_100": "MB", "flood_grew": "MB", "flood_rate": "MB/s"}
    figures = {name: figure(values, units.get(name, "ms")) for name, values in found.items()}
    if "exec" in found:
        faster = [value / statistics.median(found["warm_p50"]) for value in found["exec"]]
        figures["faster_than_exec"] = figure(faster, "x", f"docker exec: {figures['exec'].value:.1f} ms")
    if "docker_run" in found:
        run_ms = statistics.median(found["docker_run"])
        by_run = [value / run_ms for value in found["docker_box"]]
        figures["docker_box_by_run"] = figure(by_run, "x", f"docker run: {run_ms:.0f} ms")
    return figures


async def _commands(home: Home, found: Found, name: str) -> None:
    """A box that is open, and commands in it one after the other."""
    async with connect(home.path, OWNER, new_id()) as connection:
        await connection.call(boxes.PREPARE, Nothing(), timeout=PATIENCE)
        await _seconds(connection)
        # One after the other, not in turn: what one sets going elsewhere would be waited for by the other.
        times = sorted([await _seconds(connection) * 1000 for _ in range(COMMANDS)])
        floor = [await _add(connection, f"thing {number}") * 1000 for number in range(COMMANDS)]
    found["action"].append(statistics.median(floor))
    found[f"{name}_p50"].append(statistics.median(times))
    found[f"{name}_p99"].append(times[int(COMMANDS * 0.99)])


async def _add(connection: Connection, title: str) -> float:
    """The least that a recorded action costs: one that does nothing else."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    await connection.call(tasks.ADD, tasks.AddTask(title=title))
    return loop.time() - began


async def _seconds(connection: Connection, command: str = "true") -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await connection.call(sandbox.RUN, sandbox.Run(command=command), timeout=PATIENCE)
    return loop.time() - began


async def _new(home: Home, found: Found, name: str, count: int = BOXES) -> None:
    """Boxes of conversations that had none."""
    loop = asyncio.get_running_loop()
    times = []
    for _ in range(count):
        async with connect(home.path, OWNER, new_id()) as connection:
            began = loop.time()
            await connection.call(boxes.PREPARE, Nothing(), timeout=PATIENCE)
            times.append((loop.time() - began) * 1000)
    found[name].append(statistics.median(times))


async def _from_pool(backend: str, image: str, found: Found, name: str) -> None:
    """New boxes where some are kept ready, each asked for when they are again."""
    loop = asyncio.get_running_loop()
    async with _running(backend, image, "warm = 2\n") as (_, home):
        for _ in range(BOXES):
            async with connect(home.path, OWNER, new_id()) as connection:
                await _ready(connection)
                began = loop.time()
                await connection.call(boxes.PREPARE, Nothing(), timeout=PATIENCE)
                found[name].append((loop.time() - began) * 1000)


async def _ready(connection: Connection) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await connection.call(boxes.DESCRIBE, Nothing())).ready < 2:  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(LOOK)


async def _flood(system: System, home: Home, found: Found) -> None:
    """Much output in one command: what the service holds of it at most, and how fast it comes."""
    async with connect(home.path, OWNER, new_id()) as connection:
        await _seconds(connection)
        weights = Weights(system)
        weights.forget_peak()
        before = weights.service()
        took = await _seconds(connection, f"head -c {FLOOD} /dev/zero | tr '\\0' x")
        found["flood_grew"].append((weights.peak() - before) / MEGABYTE)
        found["flood_rate"].append(FLOOD / MEGABYTE / took)


async def _idle(system: System, home: Home, found: Found) -> None:
    """Many boxes that do nothing: all that they and the service take."""
    for _ in range(IDLE):
        async with connect(home.path, OWNER, new_id()) as connection:
            await connection.call(boxes.PREPARE, Nothing(), timeout=PATIENCE)
    weights = Weights(system)
    # Those of the rounds before are open too.
    found["idle_100"].append(weights.everything() * IDLE / max(IDLE, weights.boxes()) / MEGABYTE)


async def _with_engine(docker: engine.Docker, rounds: int, found: Found) -> None:
    async with _running("docker", docker.image) as (_, home):
        for _ in range(rounds):
            await _commands(home, found, "docker_warm")
            await _new(home, found, "docker_box", 3)
            found["docker_run"].append(await docker.run_seconds() * 1000)
    await _from_pool("docker", docker.image, found, "docker_pooled_box")


@asynccontextmanager
async def _running(backend: str, image: str, more: str = "") -> AsyncIterator[tuple[System, Home]]:
    """A Daimon whose boxes are held by one backend."""
    async with fresh_home() as home:
        lines = f'\n[sandbox]\nbackend = "{backend}"\nvm_image = "{image}"\nmost = {2 * IDLE}\n{more}'
        home.overrides.write_text(home.overrides.read_text() + lines)
        try:
            async with up(home) as system:
                yield system, home
        finally:
            # They outlive their service, and nobody comes to this home again.
            await engine.clear(home.boxes)
