"""Gives memory back: pages of a mapped file that were read once while loading and are not needed to idle."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Final

MAPS: Final = Path("/proc/self/maps")
DONTNEED: Final = 4  # MADV_DONTNEED


def forget_pages(mapped: Path) -> None:
    """Drop a mapped file's pages from this process; the kernel brings back those that are touched again."""
    if not MAPS.exists():
        return
    libc = ctypes.CDLL(None, use_errno=True)
    for line in MAPS.read_text().splitlines():
        span, access, _, _, _, *path = line.split(maxsplit=5)
        # Only what the file still holds may go: a private or written page would be lost.
        if path == [str(mapped)] and access == "r--s":
            start, end = (int(edge, 16) for edge in span.split("-"))
            libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), DONTNEED)
