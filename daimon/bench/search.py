"""`daimon bench search`: hybrid search in logs of growing size, against the exact answer and against ranked SQL."""

from __future__ import annotations

import sys
import tempfile
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from pathlib import Path

import msgspec

from daimon.bench.machine import ROOT
from daimon.bench.plot import Curve, draw
from daimon.bench.report import Figure, figure
from daimon.up import procfs
from daimon.up.errors import ChildFailed
from daimon.up.postgres import DATABASE, OWNER, READER, PostgresServer, embedded_postgres
from proto.benches import Measured

MODULE = "services.memory.bench.main"
FILLED = "filled.json"
"""How far a kept log was filled."""
MEGABYTE = 1_000_000


async def run(_rounds: int, size: int, plot: Path | None, keep: Path | None) -> dict[str, Figure]:
    """Let a log grow in a Postgres of its own, and search it at each size."""
    with tempfile.TemporaryDirectory(prefix="daimon-bench-", ignore_cleanup_errors=True) as temporary:
        directory = folder(keep, temporary)
        read_through(directory)
        async with embedded_postgres(directory) as server:
            found = await _measured(server, size, directory / FILLED)
            resident = shared(directory / "data/postmaster.pid")
    if plot is not None:
        save(plot, drawn(found))
    return {**figures(found[-1], resident), **smaller(found)}


def folder(keep: Path | None, temporary: str) -> Path:
    """Return where the log lies."""
    directory = (keep or Path(temporary)).absolute()
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def read_through(directory: Path) -> None:
    """Read what lies there once, so that a disk that was not read for hours is not what is measured."""
    for file in (one for one in directory.rglob("*") if one.is_file()):
        with file.open("rb", buffering=0) as content:
            while content.read(MEGABYTE):
                pass


async def _measured(server: PostgresServer, size: int, filled: Path) -> list[Measured]:
    settings = {
        "DAIMON_MEMORY_DATABASE": server.conninfo_for(OWNER, DATABASE),
        "DAIMON_MEMORY_READER": server.conninfo_for(READER, DATABASE),
    }
    words = [f"{name}={value}" for name, value in settings.items()]
    process = await create_subprocess_exec(
        *("env", *words, sys.executable, "-m", MODULE, "--size", str(size), "--kept", str(filled)),
        cwd=ROOT,
        stdout=PIPE,
    )
    assert process.stdout is not None  # noqa: S101 - it was started with a pipe
    try:
        found = [msgspec.json.decode(line, type=Measured) async for line in process.stdout]
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
    if not found or found[-1].size != size:
        raise ChildFailed(f"Measuring search ended early, at {found[-1].size if found else 0} events.")
    return found


def shared(pid_file: Path) -> int:
    """Return the resident bytes of the Postgres that wrote this file: what all its connections share."""
    return procfs.resident(int(pid_file.read_text().split()[0]))


def save(file: Path, text: str) -> None:
    """Write a plot."""
    file.write_text(text)


def figures(last: Measured, resident: int) -> dict[str, Figure]:
    """Return what was found at the largest size."""
    return {
        "p95": figure([last.p95], "ms", f"the query's vector not counted; median {last.median:.1f} ms"),
        "p95_filtered": figure([last.filtered], "ms"),
        "rate": figure([last.rate], "/s"),
        "agreement": figure([last.recall], "", "the first ten of the exact search"),
        "faster_than_naive": figure([last.naive / last.median], "x", f"ranked SQL: {last.naive:,.0f} ms"),
        "disk": figure([last.disk / MEGABYTE], "MB"),
        "memory_shared": figure([resident / MEGABYTE], "MB"),
        "filling": figure([last.filling], "s", "writing and indexing what was new at this size"),
    }


def smaller(found: list[Measured]) -> dict[str, Figure]:
    """Return the 95th percentile of the smaller sizes."""
    return {f"p95_{one.size}": figure([one.p95], "ms") for one in found[:-1]}


def drawn(found: list[Measured]) -> str:
    """Draw how search and ranked SQL grow with the log."""
    sizes = [float(one.size) for one in found]
    return draw(
        "Milliseconds of a search, by events in the log",
        [
            Curve(name="ranked SQL", points=tuple(zip(sizes, [one.naive for one in found], strict=True))),
            Curve(
                name="search, with a filter (p95)",
                points=tuple(zip(sizes, [one.filtered for one in found], strict=True)),
            ),
            Curve(name="search (p95)", points=tuple(zip(sizes, [one.p95 for one in found], strict=True))),
        ],
    )
