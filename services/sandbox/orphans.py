"""Finding the boxes that a killed service left running, and ending them."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path


def record(folder: Path, pid: int) -> Path:
    """Note that this service runs the process `pid`; remove the file when it has ended."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / str(pid)
    path.write_text(f"{birth(pid)} {os.getpid()} {birth(os.getpid())}")
    return path


def end(folder: Path, number: int = signal.SIGKILL) -> int:
    """Signal every noted process whose service is gone, to end it; how many there were."""
    ended = 0
    for path in folder.glob("*"):
        born, owner, owner_born = (*path.read_text().split(), "-", "-", "-")[:3]
        if owner_born != "-" and birth(owner) == owner_born:
            continue
        # A pid may have been given to another process since; its time of birth tells them apart.
        if born != "-" and birth(path.name) == born:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(path.name), number)
                ended += 1
        path.unlink(missing_ok=True)
    return ended


def birth(pid: int | str) -> str:
    """When a process began, in ticks since the machine did; '-' when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "-"
    return stat[stat.rindex(")") + 2 :].split()[19]
