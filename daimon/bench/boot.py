"""`daimon bench boot`: how soon the first page is there, and what Daimon takes of memory and disk."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import cache_from_source
from pathlib import Path

from daimon.bench.browser import sign_in
from daimon.bench.http_client import connected
from daimon.bench.machine import ROOT
from daimon.bench.programs import START, System, free_port, fresh_home, starting
from daimon.bench.report import Figure, figure
from daimon.up import procfs
from daimon.up.home import Home

OWNER = "owner"
SERVERS = ("nats", "postgres")
LOCK = ROOT / "requirements/run.lock"
MEGABYTE = 1_000_000
POLL = 0.01


async def run(rounds: int) -> dict[str, Figure]:
    """Start Daimon in a fresh home, end it, and start it again, as often as there are rounds."""
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        async with fresh_home() as home:
            port = free_port()
            async with _measured(home, port, "first", found) as system:
                cookie = (await sign_in(home, system.address, OWNER)).cookie
            async with _measured(home, port, "second", found, cookie) as system:
                for name, value in memory(system).items():
                    found[name].append(value / MEGABYTE)
    seconds = {name: figure(found[name], "s") for name in ("first_start", "second_start", "second_ready")}
    memories = {name: figure(found[name], "MB") for name in ("memory_idle", "memory_servers")}
    return seconds | memories | {"packages": figure([packages(LOCK) / MEGABYTE], "MB")}


@asynccontextmanager
async def _measured(
    home: Home, port: int, name: str, found: dict[str, list[float]], cookie: str = ""
) -> AsyncIterator[System]:
    """Start Daimon, and note the seconds until the first page was there and until it said that it is ready."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with starting(home, port) as system:
        await first_page(f"http://127.0.0.1:{port}", cookie)
        found[f"{name}_start"].append(loop.time() - began)
        await system.ready()
        found[f"{name}_ready"].append(loop.time() - began)
        yield system


async def first_page(address: str, cookie: str) -> None:
    """Ask for the first page, the chat page or a stranger's, until it is there."""
    headers = {"Cookie": cookie} if cookie else {}
    async with asyncio.timeout(START):
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):
                async with connected(address) as connection:
                    answer = await connection.ask("GET", "/" if cookie else "/sign-in", headers=headers)
                    await answer.whole()
                    if answer.status == 200:
                        return
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
    return sum(map(installed, names))


def installed(name: str) -> int:
    """Return the bytes on disk of a package, with its compiled modules; 0 when it is not installed."""
    try:
        files = distribution(name).files or []
    except PackageNotFoundError:
        return 0
    sources = {Path(str(file.locate())) for file in files}
    compiled = {Path(cache_from_source(str(path))) for path in sources if path.suffix == ".py"}
    return sum(path.stat().st_size for path in sources | compiled if path.is_file())
