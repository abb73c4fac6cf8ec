"""`daimon bench ghost`: how often what the ghost offers is what comes next, on made-up days of habits and noise."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE

import msgspec

from daimon.bench.machine import ROOT
from daimon.bench.report import Figure, figure
from daimon.up.errors import ChildFailed
from proto.benches import Foretelling

MODULE = "services.ghost.bench.main"


async def run(rounds: int) -> dict[str, Figure]:
    """Watch a person for sixty days, another one each round, who keeps 85 % of their habits; 40 % is noise."""
    found = [await _watched(seed) for seed in range(1, rounds + 1)]
    baseline = f"what most often followed the deed before: {sum(one.baseline for one in found) / rounds:.2f} of all"
    return {
        "right": figure([one.right for one in found], "", baseline),
        "times_baseline": figure([one.right / one.baseline for one in found], "x"),
        "shown": figure([one.shown for one in found], "", "offers for each deed"),
        "foretold": figure([one.foretold for one in found], "", "share of all deeds that were offered before"),
        "event": figure([one.microseconds / 1000 for one in found], "ms", "to take note and to look what to offer"),
    }


async def _watched(seed: int) -> Foretelling:
    words = (sys.executable, "-m", MODULE, "--seed", str(seed))
    process = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stdout=PIPE)
    printed, _ = await process.communicate()
    if process.returncode:
        raise ChildFailed("Watching made-up days ended early.")
    return msgspec.json.decode(printed, type=Foretelling)
