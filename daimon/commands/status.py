"""`daimon status`: what runs, where, and how it fares."""

from __future__ import annotations

import argparse
import asyncio
import sys

import msgspec

from daimon import indexing
from daimon.commands import add_home
from daimon.units import installed
from daimon.units.installed import Installed
from daimon.units.look import Fare, fares
from daimon.up import procfs, state
from daimon.up.home import Home, find_home
from daimon.up.state import ChildState, State
from proto.memory import Progress


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One program of the run."""

    name: str
    pid: int
    state: str
    restarts: int
    uptime: float
    """Seconds."""
    resident: int
    """Bytes of memory."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    home: str
    running: bool
    ready: bool = False
    address: str = ""
    resident: int = 0
    """Bytes of memory of all of them, each one's shared pages counted again."""
    processes: list[Row] = []
    indexing: Progress | None = None
    """How far memory has come; None when it does not answer."""
    behind: int = 0
    """Places of the log that SQL does not have yet."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_home(parser)
    parser.add_argument("--json", action="store_true", help="print it for programs")


def run(arguments: argparse.Namespace) -> int:
    """Print it; exits 3, as `systemctl status` does, when nothing runs."""
    home = find_home(arguments.home)
    units = installed.read(home)
    status = look(home) if units is None else of_units(home, units, asyncio.run(fares()))
    if status.ready:
        found, behind = asyncio.run(indexing.progress(home.path))
        status = msgspec.structs.replace(status, indexing=found, behind=behind)
    text = msgspec.json.encode(status).decode() if arguments.json else readable(status)
    sys.stdout.write(f"{text}\n")
    return 0 if status.running else 3


def look(home: Home) -> Status:
    """Return how the run of a home fares."""
    found = state.read_running(home)
    if found is None:
        return Status(home=str(home.path), running=False)
    rows = [_row(child) for child in _with_up(found)]
    return Status(
        home=str(home.path),
        running=True,
        ready=found.ready,
        address=found.address,
        resident=sum(row.resident for row in rows),
        processes=rows,
    )


def of_units(home: Home, units: Installed, found: list[Fare]) -> Status:
    """Return how the units of a machine fare; what runs once is not shown once it has run."""
    rows = [_unit(fare) for fare in found if not (fare.once and fare.active == "active")]
    return Status(
        home=str(home.path),
        running=any(row.pid for row in rows),
        ready=bool(rows) and all(row.state == "active" for row in rows),
        address=units.gateway,
        resident=sum(row.resident for row in rows),
        processes=rows,
    )


def _unit(fare: Fare) -> Row:
    return Row(
        name=fare.name.removeprefix("daimon-").removesuffix(".service"),
        pid=fare.pid,
        state=fare.active,
        restarts=fare.restarts,
        uptime=round(procfs.age(procfs.running(fare.pid)), 1) if fare.pid else 0.0,
        resident=procfs.resident(fare.pid) if fare.pid else 0,
    )


def _with_up(found: State) -> list[ChildState]:
    own = ChildState(name="up", phase="ready" if found.ready else "starting", run=found.up)
    return [own, *found.children.values()]


def _row(child: ChildState) -> Row:
    run = child.run
    return Row(
        name=child.name,
        pid=run.pid if run else 0,
        state=child.phase,
        restarts=child.restarts,
        uptime=round(procfs.age(run), 1) if run else 0.0,
        resident=procfs.resident(run.pid) if run else 0,
    )


def readable(status: Status) -> str:
    """Return the table a person reads."""
    if not status.running:
        return f"Nothing of {status.home} is running; `daimon up` starts it."
    lines = [f"{'name':<10}{'pid':>8}  {'state':<9}{'restarts':>8}{'uptime':>10}{'memory':>9}"]
    lines += [_line(row) for row in status.processes]
    where = f"{status.address}/" if status.ready else "not ready yet"
    lines += ["", f"{where}  {status.resident >> 20} MB in all, data in {status.home}"]
    return "\n".join([*lines, indexing.told(status.indexing, status.behind)] if status.ready else lines)


def _line(row: Row) -> str:
    memory = f"{row.resident >> 20} MB"
    return f"{row.name:<10}{row.pid or '-':>8}  {row.state:<9}{row.restarts:>8}{_time(row.uptime):>10}{memory:>9}"


def _time(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
