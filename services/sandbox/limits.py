"""How much of the machine one box may use."""

from __future__ import annotations

import os
from typing import Annotated

import msgspec
from msgspec import Meta

MIB = 1024 * 1024
# From this kernel on, a limit on processes set inside a user namespace counts only that namespace's own.
COUNTS_PER_NAMESPACE = (5, 14)


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The limits of a box; sizes in bytes."""

    memory: Annotated[int, Meta(ge=32 * MIB)] = 1024 * MIB
    """Of all processes together, and of the files in /tmp."""
    processes: Annotated[int, Meta(ge=16)] = 256
    disk: Annotated[int, Meta(ge=MIB)] = 2048 * MIB
    """Of the box's own files: work, data and return."""
    files: Annotated[int, Meta(ge=100)] = 200_000
    open_files: Annotated[int, Meta(ge=64)] = 1024
    """Of one process."""
    cpu_seconds: Annotated[int, Meta(ge=1)] = 3600
    """Of one process."""
    tmp: Annotated[int, Meta(ge=MIB)] = 256 * MIB
    """Of /tmp, which lies in memory."""
    run: Annotated[int, Meta(ge=MIB)] = 4 * MIB
    """Of /run, which lies in memory and holds what the agent needs."""
    cpus: Annotated[float, Meta(gt=0)] = 2.0
    """Processors' worth of time, where a control group can hold it."""
    output: Annotated[int, Meta(ge=256)] = 64 * 1024
    """Of stdout and of stderr, as far as it is handed back at once."""
    output_kept: Annotated[int, Meta(ge=1024)] = 256 * MIB
    """Of stdout and of stderr, as far as it is kept in a file of the box; then the command is stopped."""


class Enforcement(msgspec.Struct, frozen=True, kw_only=True):
    """What holds one limit on this machine."""

    limit: str
    by: str


def counts_processes_per_namespace(release: str = "") -> bool:
    """Whether RLIMIT_NPROC in a box counts the box alone; else it would count all that its user runs."""
    major, minor, *_ = (release or os.uname().release).split(".")
    return (int(major), int("".join(filter(str.isdigit, minor)))) >= COUNTS_PER_NAMESPACE


def container_enforcements() -> tuple[Enforcement, ...]:
    """What holds each limit of a container."""
    engine = "a control group of the engine's"
    holders = {
        "memory": engine,
        "processes": engine,
        "cpu": f"{engine}, and a limit on each process",
        "disk": "a limit on each file, and a measurement before and during commands",
        "open files": "a limit on each process",
        "output": "the agent in the box",
        "time": "the agent in the box, and the service if that does not answer",
    }
    return tuple(Enforcement(limit=limit, by=by) for limit, by in holders.items())


def enforcements(cgroups: frozenset[str], version: int) -> tuple[Enforcement, ...]:
    """What holds each limit, given the cgroup controllers ('memory', 'pids') that are ours to use."""
    watched = "a limit on each process, and a watch over all of them ten times a second"
    counted = "a limit on processes of the box" if counts_processes_per_namespace() else "a watch in the box"
    holders = {
        "memory": f"cgroup v{version}" if "memory" in cgroups else watched,
        "processes": f"cgroup v{version}" if "pids" in cgroups else counted,
        "disk": "a limit on each file, and a measurement before and during commands",
        "open files": "a limit on each process",
        "cpu": "a limit on each process",
        "output": "the agent in the box",
        "time": "the agent in the box, and the service if that does not answer",
    }
    return tuple(Enforcement(limit=limit, by=by) for limit, by in holders.items())
