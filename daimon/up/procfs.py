"""What /proc tells of running programs, so that a process number used again is never taken for ours."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

_PROC = Path("/proc")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a program: its number, when it began, and in which boot of the machine."""

    pid: int
    started: int
    """Clock ticks after the boot."""
    boot: str

    def is_alive(self) -> bool:
        """Say whether this very run goes on."""
        return started(self.pid) == self.started and boot() == self.boot

    def signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self.is_alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def signal_group(self, number: int) -> None:
        """Send a signal to all of its process group, if it still runs."""
        if self.is_alive():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)


def boot() -> str:
    """Return the id of this boot of the machine."""
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def running(pid: int) -> Running:
    """Identify a run; for one that has just ended the start is 0."""
    return Running(pid=pid, started=started(pid), boot=boot())


def started(pid: int) -> int:
    """Return when a program began, in clock ticks after the boot; 0 when it does not run (a zombie does not)."""
    try:
        # The name, in brackets, may hold anything, brackets too.
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return 0 if fields[0] in "ZX" else int(fields[19])


def age(run: Running) -> float:
    """Return for how many seconds it has been running."""
    uptime = float((_PROC / "uptime").read_text().split()[0])
    return max(0.0, uptime - run.started / _TICKS)


def resident(pid: int) -> int:
    """Return the bytes of memory it holds; 0 when it does not run."""
    try:
        return int((_PROC / str(pid) / "statm").read_text().split()[1]) * _PAGE
    except (FileNotFoundError, ProcessLookupError):
        return 0


def naming(mark: str) -> Iterator[Running]:
    """Yield the programs whose command line holds this mark."""
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if mark.encode() in (entry / "cmdline").read_bytes():
                    yield running(int(entry.name))
