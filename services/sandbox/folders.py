"""The folders of a box on this machine, and the user they belong to."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

FOLDERS = ("work", "data", "return")
# Users of this range exist on no machine; containers that map users take theirs from below it.
FIRST_USER, USERS = 1_839_267_840, 1 << 24
NOBODY = 65_534


def prepare(root: Path, names: tuple[str, ...] = FOLDERS) -> int:
    """Make what is missing of a box's folders; the user that its processes are on the machine itself."""
    user = _owner(root / FOLDERS[0]) or outside_user(os.fspath(root))
    for name in names:
        (root / name).mkdir(parents=True, exist_ok=True)
        if user != os.getuid():
            os.chown(root / name, user, user, follow_symlinks=False)
    return user


def are_used(root: Path) -> bool:
    """Whether there was a box over `root` before."""
    return (root / FOLDERS[0]).exists()


def outside_user(name: str) -> int:
    """The user that a new box's processes are on the machine itself.

    Where the service is root, each box gets a user of its own; else it is the service's user, as also for a root that
    was given no other users.
    """
    if os.getuid() != 0:
        return os.getuid()
    choice = (FIRST_USER + zlib.crc32(name.encode()) % USERS, NOBODY)
    return next((user for user in choice if _exists(user)), os.getuid())


def _exists(user: int) -> bool:
    words = list(map(int, Path("/proc/self/uid_map").read_text(encoding="ascii").split()))
    return any(first <= user < first + count for first, count in zip(words[0::3], words[2::3], strict=True))


def _owner(folder: Path) -> int:
    """Whose folder it is already; 0 when it must be given to somebody."""
    owner = folder.stat().st_uid if os.getuid() == 0 and folder.exists() else 0
    return owner if FIRST_USER <= owner < FIRST_USER + USERS else 0
