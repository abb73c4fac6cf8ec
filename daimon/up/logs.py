"""The children's logs: kept within bounds, and shown."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

LARGE = 10 * 1024 * 1024
"""Bytes from which a log is put aside at a start."""
INTERVAL = 0.1
_BLOCK = 64 * 1024


def rotate(log: Path) -> None:
    """Put a large log aside as `<name>.log.1`, in place of the one before it."""
    if log.exists() and log.stat().st_size > LARGE:
        log.replace(log.with_name(f"{log.name}.1"))


def last_lines(log: Path, count: int) -> list[str]:
    """Return the last lines of a log, reading no more of it than needed."""
    with log.open("rb") as file:
        position, tail = file.seek(0, 2), b""
        while position and tail.count(b"\n") <= count:
            step = min(_BLOCK, position)
            position = file.seek(position - step)
            tail = file.read(step) + tail
    return tail.decode(errors="replace").splitlines()[-count:] if count else []


def follow(logs: list[Path]) -> Iterator[tuple[Path, str]]:
    """Yield each line that is added to one of the logs from now on."""
    ends = {log: log.stat().st_size if log.exists() else 0 for log in logs}
    while True:
        for log in logs:
            yield from ((log, line) for line in _added(log, ends))
        time.sleep(INTERVAL)


def _added(log: Path, ends: dict[Path, int]) -> list[str]:
    if not log.exists():
        return []
    if log.stat().st_size < ends[log]:
        ends[log] = 0
    with log.open("rb") as file:
        file.seek(ends[log])
        whole, newline, _ = file.read().rpartition(b"\n")
    ends[log] += len(whole) + len(newline)
    return whole.decode(errors="replace").splitlines()
