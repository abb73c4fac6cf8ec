"""`daimon bench fresh`: how soon what was just written is found, at thousands of rows a second."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from asyncio.subprocess import PIPE
from pathlib import Path

import msgspec

from daimon.bench.machine import ROOT
from daimon.bench.report import Figure, figure
from daimon.up.errors import ChildFailed
from daimon.up.postgres import OWNER, READER, embedded_postgres
from proto.benches import Fresh

MODULE = "services.memory.bench.fresh"


async def run(_rounds: int) -> dict[str, Figure]:
    """Measure once, in a Postgres of its own."""
    with tempfile.TemporaryDirectory(prefix="daimon-bench-", ignore_cleanup_errors=True) as directory:
        async with embedded_postgres(Path(directory)) as server:
            words = (
                f"DAIMON_MEMORY_DATABASE={server.conninfo_for(OWNER)}",
                f"DAIMON_MEMORY_READER={server.conninfo_for(READER)}",
            )
            found = await _measured(words)
    against = f"one table with an incremental HNSW: {found.incremental:,.0f}/s"
    return {
        "rows": figure([found.rate], "/s", "5,000 come"),
        "searchable_p99": figure([found.late], "ms", "by words and by meaning, vectors made beforehand"),
        "agreement": figure([found.agreement], "", "the first ten of the exact search, of what came last"),
        "sealing": figure([found.sealing], "s", "into an index, when nothing comes any more"),
        "most": figure([found.most], "/s", "all come at once"),
        "times_incremental": figure([found.most / found.incremental], "x", against),
    }


async def _measured(words: tuple[str, ...]) -> Fresh:
    process = await asyncio.create_subprocess_exec("env", *words, sys.executable, "-m", MODULE, cwd=ROOT, stdout=PIPE)
    try:
        printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if process.returncode:
        raise ChildFailed("Measuring what was just written ended early.")
    return msgspec.json.decode(printed, type=Fresh)
