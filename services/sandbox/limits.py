"""How much of the machine one box may use."""

from __future__ import annotations

import os
from typing import Annotated

import msgspec
from msgspec import Meta

MIB = 1024 * 1024
# From this kernel on, a limit on processes set inside a user namespace counts only that namespace's own.
COUNTS_PER_NAMESPACE = (5, 14)
OUT_OF_TIME, OUT_OF_DISK = 128 + 24, 128 + 25
"""Exit codes of what the kernel ended by SIGXCPU and SIGXFSZ."""


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The limits of a box; sizes in bytes."""

    memory: Annotated[int, Meta(ge=32 * MIB)] = 1024 * MIB
    """Bytes that all processes of one box may use together, with the files in /tmp."""
    processes: Annotated[int, Meta(ge=16)] = 256
    """Processes and threads of one box at a time."""
    disk: Annotated[int, Meta(ge=MIB)] = 2048 * MIB
    """Bytes of the box's own files: /home/box, /data and /return."""
    files: Annotated[int, Meta(ge=100)] = 200_000
    """Names of files in one box."""
    open_files: Annotated[int, Meta(ge=64)] = 1024
    """Files that one process may have open."""
    cpu_seconds: Annotated[int, Meta(ge=1)] = 3600
    """Seconds of a processor that one process may use."""
    cpus: Annotated[float, Meta(gt=0)] = 2.0
    """Processors' worth of time, where a control group of the engine's can hold it."""
    tmp: Annotated[int, Meta(ge=MIB)] = 256 * MIB
    """Bytes in /tmp, which lies in memory."""
    output: Annotated[int, Meta(ge=256)] = 64 * 1024
    """Bytes of stdout and of stderr that an answer carries; the whole stays in the box."""
    output_kept: Annotated[int, Meta(ge=1024)] = 256 * MIB
    """Bytes of stdout and of stderr that the box keeps of one command; then it is stopped."""


class Enforcement(msgspec.Struct, frozen=True, kw_only=True):
    """What holds one limit on this machine."""

    limit: str
    most: str
    """How much it is, in words."""
    by: str


def counts_processes_per_namespace(release: str = "") -> bool:
    """Whether RLIMIT_NPROC in a box counts the box alone; else it would count all that its user runs."""
    major, minor, *_ = (release or os.uname().release).split(".")
    return (int(major), int("".join(filter(str.isdigit, minor)))) >= COUNTS_PER_NAMESPACE


def container_enforcements(limits: Limits) -> tuple[Enforcement, ...]:
    """What holds each limit of a container."""
    engine = "a control group of the engine's"
    held = {"memory": engine, "processes": engine, "cpu": f"a limit on each process, and {engine}"}
    cpus = min(limits.cpus, os.cpu_count() or 1)
    return _told(limits, held, f", {cpus:g} processors together")


def enforcements(limits: Limits, cgroups: frozenset[str], version: int) -> tuple[Enforcement, ...]:
    """What holds each limit, given the cgroup controllers ('memory', 'pids') that are ours to use."""
    watched = "a limit on each process, and a watch over all of them ten times a second"
    counted = "a limit on processes of the box" if counts_processes_per_namespace() else "a watch in the box"
    held = {
        "memory": f"cgroup v{version}" if "memory" in cgroups else watched,
        "processes": f"cgroup v{version}" if "pids" in cgroups else counted,
        "cpu": "a limit on each process",
    }
    return _told(limits, held)


def _told(limits: Limits, held: dict[str, str], cpus: str = "") -> tuple[Enforcement, ...]:
    amounts = {
        "memory": _size(limits.memory),
        "processes": f"{limits.processes} at a time",
        "cpu": f"{limits.cpu_seconds} s of a processor for one process{cpus}",
        "disk": f"{_size(limits.disk)} in {limits.files} files, {_size(limits.tmp)} in /tmp",
        "open files": f"{limits.open_files} of one process",
        "output": f"{_size(limits.output)} of each stream in an answer, {_size(limits.output_kept)} kept",
        "time": "what the command asks for, 1 hour if it asks for nothing, a day at most",
    }
    held = {
        "disk": "a limit on each file, and a measurement before and during commands",
        "open files": "a limit on each process",
        "output": "the agent in the box",
        "time": "the agent in the box, and the service if that does not answer",
        **held,
    }
    return tuple(Enforcement(limit=limit, most=most, by=held[limit]) for limit, most in amounts.items())


def _size(count: int) -> str:
    """Bytes as the sentences of limits have them."""
    return f"{count >> 20} MiB" if count >= MIB else f"{count >> 10} KiB"


def noticed(limits: Limits, exit_code: int, stderr: str) -> str:
    """The limit that a command tells of by how it ended, in a few words; '' when it tells of none."""
    if exit_code == OUT_OF_TIME:
        return f"a process may use {limits.cpu_seconds} s of a processor; it was ended"
    if exit_code == OUT_OF_DISK:
        return f"the box's files may take {limits.disk >> 20} MiB of disk, and so one file"
    if exit_code and "Too many open files" in stderr:
        return f"a process may have {limits.open_files} files open"
    return ""
