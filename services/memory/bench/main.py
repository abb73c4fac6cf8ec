"""Measures search on logs of growing size, and prints what was found as JSON, a line a size."""

from __future__ import annotations

import argparse
import asyncio
import time

import msgspec

from services.memory.bench.filling import fill
from services.memory.bench.measuring import CLIENTS, Measured, measure
from services.memory.bench.story import World
from services.memory.migrations import migrate
from services.memory.settings import MemorySettings
from services.memory.store import Store
from services.runtime.settings import load

SEED = 20
STEP = 10
SMALLEST = 10_000


async def run(size: int) -> None:
    """Let the log grow tenfold from size to size."""
    settings = msgspec.structs.replace(load("memory", MemorySettings), connections=CLIENTS)
    world = World(SEED)
    story = world.tell(size)
    done = 0
    async with Store.open(settings) as store:
        async with store.alone() as session:
            await migrate(session, store.dump_before)
        for wanted in sizes(size):
            began = time.perf_counter()
            sample = await fill(store, world, story, wanted - done, done + 1)
            filling = time.perf_counter() - began
            done = wanted
            show(await measure(store, world, sample, wanted, filling))


def sizes(size: int) -> list[int]:
    """Return 10 k, 100 k and so on up to the wanted size."""
    found = []
    step = SMALLEST
    while step < size:
        found.append(step)
        step *= STEP
    return [*found, size]


def show(measured: Measured) -> None:
    """Print a line."""
    print(msgspec.json.encode(measured).decode(), flush=True)


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, required=True, help="events in the end")
    asyncio.run(run(parser.parse_args().size))


if __name__ == "__main__":
    main()
