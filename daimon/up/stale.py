"""What a Postgres that died has left in its data directory, and getting rid of it safely.

A postmaster.pid whose number belongs to another program by now would keep Postgres from starting; removing it while
a server or one of its orphans still works on the files would destroy them.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from pathlib import Path

from daimon.up import procfs
from daimon.up.polling import until

GRACE = 10.0


def mark(data: Path) -> str:
    """Return the name by which the processes of this data directory's server are known."""
    return f"daimon-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"


def status(data: Path) -> str:
    """Return what the server says of itself in postmaster.pid: starting, ready, stopping, or nothing."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return ""
    return lines[7].strip() if len(lines) > 7 else ""


def is_served(data: Path) -> bool:
    """Say whether a server, or an orphan of one, works on the directory."""
    return any(True for _ in procfs.naming(mark(data)))


async def clear(data: Path, sockets: Path) -> None:
    """End a server that outlived its supervisor, then remove the files by which it held the directory."""
    pid_file = data / "postmaster.pid"
    if pid_file.exists():
        await _end(data)
    for left in (pid_file, sockets / ".s.PGSQL.5432", sockets / ".s.PGSQL.5432.lock"):
        left.unlink(missing_ok=True)


async def _end(data: Path) -> None:
    """A fast shutdown first; orphans of a killed server end by themselves when they see that it is gone."""
    for run in procfs.naming(mark(data)):
        run.signal(signal.SIGINT)
    try:
        async with asyncio.timeout(GRACE):
            await until(lambda: not is_served(data))
    except TimeoutError:
        for run in procfs.naming(mark(data)):
            run.signal(signal.SIGKILL)
        await until(lambda: not is_served(data))
