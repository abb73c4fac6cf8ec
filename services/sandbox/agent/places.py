"""Where the box's folders are: a box without a file system of its own is told other places than the usual ones."""

from __future__ import annotations

import os

HOME = os.environ.get("HOME", "/home/box")
DATA = os.environ.get("BOX_DATA", "/data")
RETURN = os.environ.get("BOX_RETURN", "/return")
TMP = os.environ.get("TMPDIR", "/tmp")  # noqa: S108 - the box's own
RUN = os.environ.get("BOX_RUN", "/run")

# Whether the box has a file system of its own, with folders that lie in memory.
APART = RUN == "/run"
IN_MEMORY = (TMP, "/dev/shm", RUN) if APART else ()  # noqa: S108 - the box's own
ON_DISK = (HOME, DATA, RETURN) if APART else (HOME, DATA, RETURN, TMP, RUN)


def quoted(path: str) -> bytes:
    """A path as a shell reads it."""
    return b"'" + os.fsencode(path).replace(b"'", b"'\\''") + b"'"
