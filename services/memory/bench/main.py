"""Measures search on logs of growing size, and prints what was found as JSON, a line a size."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from proto.benches import Measured
from services.memory.bench.filling import fill
from services.memory.bench.measuring import CLIENTS, Sized, asked_of, measure
from services.memory.bench.story import Told, World
from services.memory.migrations import migrate
from services.memory.settings import MemorySettings
from services.memory.store import Store
from services.runtime.settings import load

SEED = 20
STEP = 10
SMALLEST = 10_000


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """How far a kept log was filled."""

    size: int = 0
    seconds: float = 0.0
    """That the last part took, with its indexes."""
    sample: list[Told] = []
    """Some of what was told in it."""
    measured: list[Measured] = []
    """What was found at each size, the last time."""


async def run(size: int, kept: Path | None, *, tuning: bool) -> None:
    """Let the log grow tenfold from size to size; one that is kept goes on from where it is."""
    settings = msgspec.structs.replace(load("memory", MemorySettings), connections=CLIENTS)
    world = World(SEED)
    filled = read(kept)
    story = itertools.islice(world.tell(size), filled.size, None)
    async with Store.open(settings) as store:
        async with store.alone() as session:
            await migrate(session, store.dump_before)
        for known in (one for one in filled.measured if one.size < filled.size):
            show(known)
        for wanted in (one for one in sizes(size) if one >= filled.size):
            filled = await grow(store, world, story, filled, wanted)
            write(kept, filled)
            told = asked_of(filled.sample, tuning=tuning)
            measured = await measure(store, world, Sized(size=wanted, filling=filled.seconds, told=told))
            filled = noted(filled, measured)
            write(kept, filled)
            show(measured)


def read(kept: Path | None) -> Filled:
    """Return how far a log was filled."""
    return msgspec.json.decode(kept.read_bytes(), type=Filled) if kept and kept.exists() else Filled()


def write(kept: Path | None, filled: Filled) -> None:
    """Note how far it is filled."""
    if kept:
        kept.write_bytes(msgspec.json.encode(filled))


async def grow(store: Store, world: World, story: Iterator[Told], filled: Filled, wanted: int) -> Filled:
    """Fill the log up to a size."""
    if wanted == filled.size:
        return filled
    began = time.perf_counter()
    sample = await fill(store, world, story, wanted - filled.size, filled.size + 1)
    seconds = time.perf_counter() - began
    return Filled(size=wanted, seconds=seconds, sample=sample, measured=filled.measured)


def noted(filled: Filled, measured: Measured) -> Filled:
    """Note what was found at a size, in place of what was found before."""
    others = [one for one in filled.measured if one.size != measured.size]
    return msgspec.structs.replace(filled, measured=[*others, measured])


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
    parser.add_argument("--kept", type=Path, help="the file that says how far a kept log was filled")
    parser.add_argument("--tuning", action="store_true", help="ask the questions by which bounds are chosen")
    arguments = parser.parse_args()
    asyncio.run(run(arguments.size, arguments.kept, tuning=arguments.tuning))


if __name__ == "__main__":
    main()
