"""What the processes of the box use together, where no cgroup counts it for us."""

from __future__ import annotations

import os

from . import processes
from .kernel import KILL
from .places import IN_MEMORY, ON_DISK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .processes import Alive

# Files that have no name are looked for less often: it means looking at every open descriptor.
SELDOM = 5


class Watch:
    """Looks at the box now and then, ends what breaks a limit, and says which limit it was."""

    __slots__ = ("_disk", "_files", "_looks", "_memory", "_most", "_warned")

    def __init__(self, memory: int, most: int, disk: int, files: int) -> None:
        self._memory = memory
        self._most = most
        self._disk = disk
        self._files = files
        self._looks = 0
        self._warned = False

    def look(self, shell: int, prompt: set[int]) -> tuple[bool, str]:
        """Whether anything but the shell lives, and the sentence of the limit that was broken.

        `prompt` are the shells that somebody waits for; all else gives way to the services.
        """
        table = processes.living()
        processes.give_way(table, prompt)
        self._looks += 1
        limit = self._crowd(table, shell) or self._greed(table) or self._litter(shell)
        if not limit and self._looks % SELDOM == 0:
            limit = self._unnamed(table)
        return len(table) > 1, limit

    def _crowd(self, table: dict[int, Alive], shell: int) -> str:
        crowded = sum(one.threads for one in table.values()) + 2 >= self._most
        # A build may touch the limit for a moment; only who stays there is a bomb.
        bomb, self._warned = crowded and self._warned, crowded
        if not bomb:
            return ""
        processes.sweep(spare=shell)
        return f"the box may run {self._most} processes at a time; all were ended"

    def _greed(self, table: dict[int, Alive]) -> str:
        used = _in_memory_folders()
        if used + sum(one.memory for one in table.values()) <= self._memory:
            return ""
        true = {pid: _memory_of(one) for pid, one in table.items()}
        over = used + sum(true.values()) - self._memory
        if over <= 0:
            return ""
        for pid in sorted(true, key=lambda pid: true[pid], reverse=True):
            processes.send(KILL, {pid})
            over -= true[pid]
            if over <= 0:
                break
        return f"the box has {self._memory >> 20} MiB of memory; its largest process was ended"

    def _litter(self, shell: int) -> str:
        if _names_in_memory_folders() <= self._files:
            return ""
        processes.sweep(spare=shell)
        return f"the box may hold {self._files} files in /tmp and /dev/shm"

    def _unnamed(self, table: dict[int, Alive]) -> str:
        found: dict[tuple[int, int], int] = {}
        for pid in table:
            _find_unnamed(pid, found)
        if sum(found.values()) <= self._disk:
            return ""
        # Any of them may hold such a file, the shell too.
        processes.sweep(spare=0)
        return f"the box has {self._disk >> 20} MiB of disk, and deleted files that were still open filled it"


def _memory_of(one: Alive) -> int:
    for line in processes.read(f"/proc/{one.pid}/smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    return one.memory


def _in_memory_folders() -> int:
    states = [os.statvfs(folder) for folder in IN_MEMORY]
    return sum((state.f_blocks - state.f_bfree) * state.f_frsize for state in states)


def _names_in_memory_folders() -> int:
    return sum(state.f_files - state.f_ffree for state in map(os.statvfs, IN_MEMORY))


def _find_unnamed(pid: int, found: dict[tuple[int, int], int]) -> None:
    devices = {os.stat(folder).st_dev for folder in ON_DISK}  # noqa: PTH116
    folder = f"/proc/{pid}/fd"
    try:
        descriptors = os.listdir(folder)  # noqa: PTH208
    except OSError:
        return
    for descriptor in descriptors:
        try:
            state = os.stat(f"{folder}/{descriptor}")  # noqa: PTH116
        except OSError:
            continue
        if state.st_nlink == 0 and state.st_dev in devices:
            found[state.st_dev, state.st_ino] = state.st_blocks * 512
