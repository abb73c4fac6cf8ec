"""Which processes live in the box, which of them a command started, and how to end them."""

from __future__ import annotations

import os
import time

from .kernel import KILL

STOP = 19
PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = os.sysconf("SC_CLK_TCK")
PASSES = 20
AGENT = str(os.getpid())
# What lasts leaves the machine's processor to the services when these want it; what is quick is waited for.
NICE = 5


class Alive:
    """One process as /proc shows it."""

    __slots__ = ("memory", "nice", "parent", "pid", "session", "started", "threads")

    def __init__(self, pid: int, stat: bytes) -> None:
        words = stat[stat.rindex(b")") + 2 :].split()
        self.pid = pid
        self.parent = int(words[1])
        self.session = int(words[3])
        self.nice = int(words[16])
        self.threads = int(words[17])
        self.started = int(words[19])
        self.memory = int(words[21]) * PAGE


def living() -> dict[int, Alive]:
    """Every process of the box but the agent, by pid."""
    found = {}
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit() and name != AGENT:
            stat = read(f"/proc/{name}/stat")
            if stat:
                found[int(name)] = Alive(int(name), stat)
    return found if AGENT == "1" else _below(int(AGENT), found)


def _below(root: int, table: dict[int, Alive]) -> dict[int, Alive]:
    """Those that came from `root`, which also becomes the parent of every one whose own has ended."""
    children: dict[int, list[int]] = {}
    for one in table.values():
        children.setdefault(one.parent, []).append(one.pid)
    found, todo = {}, [root]
    while todo:
        for pid in children.get(todo.pop(), ()):
            found[pid] = table[pid]
            todo.append(pid)
    return found


def read(path: str) -> bytes:
    """A file of /proc; empty when its process is gone or closed to us."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - pathlib would double the agent's start
            return file.read(65536)
    except OSError:
        return b""


def moment() -> tuple[int, int]:
    """Now, as it compares to the (tick, pid) of a process: later is greater, also within one tick."""
    tick = int(time.clock_gettime(time.CLOCK_BOOTTIME) * TICK)
    return tick, int(read("/proc/loadavg").split()[-1])


def children_of(shell: int, since: tuple[int, int]) -> set[int]:
    """The processes that came from `shell` after that moment, also those whose parent has ended."""
    table = living()
    return {pid for pid in table if pid != shell and _came_from(table, pid, shell, since)}


def _came_from(table: dict[int, Alive], pid: int, shell: int, since: tuple[int, int]) -> bool:
    one = table[pid]
    while (one.started, one.pid) > since:
        if one.parent == shell:
            return True
        if one.parent not in table:
            return one.session == shell
        one = table[one.parent]
    return False


def give_way(table: dict[int, Alive], spare: set[int]) -> None:
    """Have all but `spare` leave the processor to others."""
    for pid, one in table.items():
        if one.nice < NICE and pid not in spare:
            # Where the service's own unit may not set priorities, its slice has them all give way.
            try:  # noqa: SIM105 - what contextlib would cost each box
                os.setpriority(os.PRIO_PROCESS, pid, NICE)
            except OSError:
                pass


def send(signal: int, pids: set[int]) -> None:
    """Signal processes; those already gone, or that are not ours any more, are no error."""
    for pid in pids:
        try:
            os.kill(pid, signal)
        except (ProcessLookupError, PermissionError):
            continue


def sweep(spare: int) -> None:
    """Kill every process of the box but `spare`: all are frozen first, so that none can breed meanwhile."""
    frozen: set[int] = set()
    for _ in range(PASSES):
        fresh = set(living()) - frozen - {spare}
        if not fresh:
            break
        send(STOP, fresh)
        frozen |= fresh
    send(KILL, frozen)
