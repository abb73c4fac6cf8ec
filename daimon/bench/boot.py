"""`daimon bench boot`: how soon the first page is there, and what Daimon takes of memory and disk."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import cache_from_source
from pathlib import Path

from daimon.bench.http_client import connected
from daimon.bench.machine import ROOT
from daimon.bench.programs import System, free_port, fresh_home, up
from daimon.bench.report import Figure, figure
from daimon.up import procfs
from daimon.up.home import Home

SERVERS = ("nats", "postgres")
LOCK = ROOT / "requirements/run.lock"
MEGABYTE = 1_000_000
POLL = 0.01


async def run(rounds: int) -> dict[str, Figure]:
    """Start Daimon in a fresh home, end it, and start it again, as often as there are rounds."""
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        async with fresh_home() as home:
            found["first_start"].append(await _start(home, found))
            found["second_start"].append(await _start(home, found))
    figures = {name: figure(found[name], "s") for name in ("first_start", "second_start")}
    figures |= {name: figure(found[name], "MB") for name in ("memory_idle", "memory_servers")}
    return figures | {"packages": figure([packages(LOCK) / MEGABYTE], "MB")}


async def _start(home: Home, found: dict[str, list[float]]) -> float:
    """Start Daimon, note its memory, end it; returns the seconds until the first page was there."""
    loop, port = asyncio.get_running_loop(), free_port()
    began = loop.time()
    async with asyncio.TaskGroup() as group:
        page = group.create_task(first_page(f"http://127.0.0.1:{port}"))
        async with up(home, port) as system:
            seconds = await page - began
            for name, value in memory(system).items():
                found[name].append(value / MEGABYTE)
    return seconds


async def first_page(address: str) -> float:
    """Ask for the first page until it is there; returns the loop's time at that moment."""
    while True:
        try:
            async with connected(address) as connection:
                answer = await connection.ask("GET", "/")
                if answer.status == 200:
                    await answer.whole()
                    return asyncio.get_running_loop().time()
        except (OSError, asyncio.IncompleteReadError):
            pass
        await asyncio.sleep(POLL)


def memory(system: System) -> dict[str, int]:
    """Return the resident bytes of our own processes, and of the servers they stand on."""
    state = system.state
    runs = {child.name: child.run.pid for child in state.children.values() if child.run}
    own = sum(procfs.resident(pid) for name, pid in runs.items() if name not in SERVERS)
    servers = sum(_family(pid) for name, pid in runs.items() if name in SERVERS)
    return {"memory_idle": own + procfs.resident(state.up.pid), "memory_servers": servers}


def _family(pid: int) -> int:
    """Return the resident bytes of a process and its children: Postgres has one a connection."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return procfs.resident(pid) + sum(procfs.resident(int(child)) for child in children)


def packages(lock: Path) -> int:
    """Return the bytes on disk of everything that a lock installs."""
    names = re.findall(r"^([A-Za-z0-9._-]+)==", lock.read_text(), re.MULTILINE)
    return sum(map(_installed, names))


def _installed(name: str) -> int:
    try:
        files = distribution(name).files or []
    except PackageNotFoundError:
        return 0
    sources = {Path(str(file.locate())) for file in files}
    compiled = {Path(cache_from_source(str(path))) for path in sources if path.suffix == ".py"}
    return sum(path.stat().st_size for path in sources | compiled if path.is_file())
