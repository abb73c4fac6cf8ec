"""`daimon bench events`: to the disk and into SQL, against one by one and against bare SQL; vectors left out."""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from daimon.bench.machine import ROOT
from daimon.bench.report import Figure, figure
from daimon.up.credentials import password_file, users
from daimon.up.errors import ChildFailed
from daimon.up.home import Home, open_home
from daimon.up.nats import embedded_nats
from daimon.up.postgres import READER, embedded_postgres
from daimon.up.streams import prepare
from proto import errors, events, keeping, tasks
from proto.base import Caller, Nothing
from proto.benches import Raw
from proto.events import Event, happened
from services.runtime.bus import Bus
from services.runtime.bus.journal import BATCH_LIMIT
from services.runtime.settings import BusSettings

CALLERS = 256
EACH = 80
"""Events of each caller in a round."""
ALONE = 500
"""Events that are recorded one by one in a round."""
BEHIND = 40_000
"""Events that memory has to take when it comes back."""
RATE = 1000
SECONDS = 5
"""How long, and how many a second, the lag is measured with."""
LOOK = 0.01
"""Seconds between two looks whether SQL has an event: each look is a call that takes its share of the machine."""
SELDOM = 0.025
"""The same where a second or two is timed, and nothing else shall run."""
LOOKS = 10_000
"""How often we look before we give up."""
RAW = "services.memory.bench.raw"
ADA = Caller(user="ada")


class Memory:
    """The process of memory, which can be away for a while."""

    def __init__(self, variables: tuple[str, ...]) -> None:
        self.variables = variables
        """How a process of memory finds its parts."""

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Let it run."""
        await self._start()
        try:
            yield
        finally:
            await self._end()

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Let it be away, and start it anew."""
        await self._end()
        yield
        await self._start()

    async def _start(self) -> None:
        words = ("DAIMON_LOG=ERROR", *self.variables, sys.executable, "-m", "services.memory.main")
        self._process = await asyncio.create_subprocess_exec("env", *words, cwd=ROOT)

    async def _end(self) -> None:
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.wait()


@dataclass(frozen=True)
class System:
    """The log and memory at work, with nothing else."""

    writer: Bus
    reader: Bus
    memory: Memory


async def run(rounds: int) -> dict[str, Figure]:
    """Measure every side in turns, as often as wanted."""
    found: dict[str, list[float]] = defaultdict(list)
    async with _system() as system:
        await _recorded_together(system)
        for _ in range(rounds):
            alone, (together, committed) = await _recorded_alone(system), await _recorded_together(system)
            raw = await _raw(system)
            found["one by one"].append(alone)
            found["acknowledged"].append(together)
            found["times_one_by_one"].append(together / alone)
            found["committed"].append(committed)
            found["raw"].append(raw.lists)
            found["arrays"].append(raw.arrays)
            drained = await _drained(system)
            found["drained"].append(drained)
            found["committed_of_raw"].append(100 * drained / raw.lists)
            found["committed_of_arrays"].append(100 * drained / raw.arrays)
            found["lag_p99"].append(await _lag(system))
    return _figures(found)


def _figures(found: dict[str, list[float]]) -> dict[str, Figure]:
    return {
        "acknowledged": figure(found["acknowledged"], "/s", f"{CALLERS} callers at once, fsynced"),
        "times_one_by_one": figure(found["times_one_by_one"], "x", f"one by one: {min(found['one by one']):,.0f}/s"),
        "committed": figure(found["committed"], "/s", "from the first call on, beside the writer"),
        "drained": figure(found["drained"], "/s", f"{BEHIND:,} acknowledged before, nothing beside it"),
        "committed_of_raw": figure(found["committed_of_raw"], "%", f"bare SQL: {min(found['raw']):,.0f}/s"),
        "committed_of_arrays": figure(
            found["committed_of_arrays"], "%", f"bare SQL written as memory does: {min(found['arrays']):,.0f}/s"
        ),
        "lag_p99": figure(found["lag_p99"], "ms", f"acknowledged to SQL at {RATE}/s"),
    }


@asynccontextmanager
async def _system() -> AsyncIterator[System]:
    with tempfile.TemporaryDirectory(prefix="daimon-bench-", ignore_cleanup_errors=True) as directory:
        home = open_home(Path(directory) / "home")
        async with (
            embedded_postgres(Path(directory)) as postgres,
            embedded_nats(home.nats, users(home)) as nats,
        ):
            await prepare(home, nats.url)
            variables = (
                f"DAIMON_NATS_URL={nats.url}",
                f"DAIMON_NATS_PASSWORD_FILE={password_file(home, 'memory')}",
                f"DAIMON_MEMORY_DATABASE={postgres.conninfo}",
                f"DAIMON_MEMORY_READER={postgres.conninfo_for(READER)}",
            )
            memory = Memory(variables)
            async with (
                memory.at_work(),
                _joined(home, nats.url, "tasks") as writer,
                _joined(home, nats.url, "cli") as reader,
            ):
                yield System(writer, reader, memory)


def _joined(home: Home, url: str, name: str) -> AbstractAsyncContextManager[Bus]:
    return Bus.open(BusSettings(url=url, user=name, password_file=str(password_file(home, name))), name)


async def _recorded_alone(system: System) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(ALONE):
        last = await system.writer.journal.append(_event(number))
    rate = ALONE / (loop.time() - began)
    await _committed(system, last)
    return rate


async def _recorded_together(system: System) -> tuple[float, float]:
    """Return how many events a second were acknowledged, and how many were in SQL, from the first call on."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    last = max(await asyncio.gather(*(_caller(system.writer, number) for number in range(CALLERS))))
    acknowledged = loop.time()
    await _committed(system, last)
    count = CALLERS * EACH
    return count / (acknowledged - began), count / (loop.time() - began)


async def _drained(system: System) -> float:
    """Return how many events a second memory takes into SQL that the log has already, with nothing else to do.

    From the first look that finds some of them there to the first that finds all: how long memory takes to start is
    not a part of it.
    """
    loop = asyncio.get_running_loop()
    async with system.memory.away():
        for start in range(0, BEHIND, BATCH_LIMIT):
            await system.writer.journal.append_together([_event(start + each) for each in range(BATCH_LIMIT)])
        last = await system.writer.journal.last(events.ALL)
    assert last is not None  # noqa: S101 - we have just written it
    first, began = await _beyond(system, last.sequence - BEHIND), loop.time()
    await _beyond(system, last.sequence - 1)
    seconds = loop.time() - began
    # What memory has read from the log is delivered as work too, and taken as known; the next event comes behind that.
    await _committed(system, await system.writer.journal.append(_event(0)))
    return (last.sequence - first) / seconds


async def _beyond(system: System, place: int) -> int:
    """Wait until SQL is beyond a place of the log, and return where it is."""
    for _ in range(LOOKS):
        with contextlib.suppress(errors.Unavailable):
            found = await _position(system)
            if found > place:
                return found
        await asyncio.sleep(SELDOM)
    raise ChildFailed(f"SQL never came beyond place {place} of the log.")


async def _caller(bus: Bus, number: int) -> int:
    """Record one event after the other, each once the one before is acknowledged."""
    last = 0
    for each in range(EACH):
        last = await bus.journal.append(_event(number * EACH + each))
    return last


async def _committed(system: System, last: int) -> None:
    for _ in range(LOOKS):
        if await _position(system) >= last:
            return
        await asyncio.sleep(LOOK)
    raise ChildFailed(f"SQL never came to place {last} of the log.")


async def _position(system: System) -> int:
    return (await system.reader.call(keeping.POSITION, Nothing(), timeout=60)).sequence


async def _lag(system: System) -> float:
    """Return the time in ms within which 99 of 100 events were in SQL after their acknowledgement."""
    acknowledged: dict[int, float] = {}
    seen: list[tuple[int, float]] = []
    watching = asyncio.create_task(_watch(system, seen))
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.TaskGroup() as group:
        for number in range(RATE * SECONDS):
            await asyncio.sleep(max(0.0, began + number / RATE - loop.time()))
            group.create_task(_note(system.writer, number, acknowledged))
    await _committed(system, max(acknowledged))
    await asyncio.sleep(0.05)
    watching.cancel()
    lags = sorted(_seen_at(seen, sequence) - at for sequence, at in acknowledged.items())
    return 1000 * lags[int(len(lags) * 0.99)]


async def _note(bus: Bus, number: int, acknowledged: dict[int, float]) -> None:
    sequence = await bus.journal.append(_event(number))
    acknowledged[sequence] = asyncio.get_running_loop().time()


async def _watch(system: System, seen: list[tuple[int, float]]) -> None:
    while True:
        seen.append((await _position(system), asyncio.get_running_loop().time()))
        await asyncio.sleep(0.005)


def _seen_at(seen: list[tuple[int, float]], sequence: int) -> float:
    return seen[min(bisect.bisect_left(seen, (sequence, 0.0)), len(seen) - 1)][1]


async def _raw(system: System) -> Raw:
    process = await asyncio.create_subprocess_exec(
        "env", *system.memory.variables, sys.executable, "-m", RAW, cwd=ROOT, stdout=PIPE
    )
    out, _ = await process.communicate()
    return msgspec.json.decode(out, type=Raw)


def _event(number: int) -> Event:
    return happened(tasks.TaskRenamed(task="one", before=f"buy {number}", title=f"buy {number} bottles of milk"), ADA)
