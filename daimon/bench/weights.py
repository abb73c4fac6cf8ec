"""What the sandbox service and its boxes weigh."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from daimon.bench.programs import System
from daimon.up import procfs
from daimon.up.errors import ChildFailed

SERVICE = "sandbox"
KILOBYTE = 1024
_FORGET_PEAK = "5"


class Weights:
    """The processes of one system's sandbox."""

    def __init__(self, system: System) -> None:
        child = system.state.children.get(SERVICE)
        if child is None or child.run is None:
            raise ChildFailed("The sandbox service does not run; `daimon doctor` says what is missing.")
        self._pid = child.run.pid

    def service(self) -> int:
        """Bytes that the service itself holds."""
        return procfs.resident(self._pid)

    def forget_peak(self) -> None:
        """Begin to watch anew for the most that it holds."""
        Path(f"/proc/{self._pid}/clear_refs").write_text(_FORGET_PEAK)

    def peak(self) -> int:
        """The most bytes it held since then."""
        return _status(self._pid, "VmHWM:")

    def boxes(self) -> int:
        """How many boxes it has open."""
        return len(_children(self._pid))

    def everything(self) -> int:
        """Bytes of the service and of all that runs in its boxes; what several share is counted once."""
        return sum(map(_own, _family(self._pid)))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for child in _children(pid):
        yield from _family(child)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def _own(pid: int) -> int:
    """Its share, where that may be read; else what is its own alone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * KILOBYTE
    return _status(pid, "RssAnon:")


def _status(pid: int, name: str) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * KILOBYTE
    return 0
