"""Control groups, where this service has been given some: they count memory and processes of a whole box."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from services.sandbox.limits import Limits, counts_processes_per_namespace

MOUNTED = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
# A kernel that counts processes a namespace needs no group for them, and joining one takes 10 ms.
WANTED = ("memory",) if counts_processes_per_namespace() else ("memory", "pids")


class Cgroups(msgspec.Struct, frozen=True, kw_only=True):
    """The folders below which this service may make groups of its own, by controller."""

    version: int = 0
    folders: dict[str, Path] = {}

    def group(self, name: str, limits: Limits) -> Group:
        """Make a group for one box with its limits set; one that cannot be made is left out."""
        made: dict[str, Path] = {}
        for controller, folder in self.folders.items():
            path = folder / name
            with contextlib.suppress(OSError):
                path.mkdir(exist_ok=True)
                _set(path, controller, self.version, limits)
                made[controller] = path
        return Group(version=self.version, paths=made)


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The groups of one box."""

    version: int
    paths: dict[str, Path]

    def take(self, pid: int) -> None:
        """Put a process, and all it will start, into the groups."""
        for path in set(self.paths.values()):
            (path / "cgroup.procs").write_text(str(pid))

    def hits(self) -> dict[str, int]:
        """How often each limit was hit so far."""
        names = {"memory": "memory.events" if self.version == 2 else "memory.oom_control", "pids": "pids.events"}
        words = {"memory": "oom_kill", "pids": "max"}
        return {kind: _count(path / names[kind], words[kind]) for kind, path in self.paths.items()}

    def remove(self) -> None:
        """Take the groups away once the box's processes are gone."""
        for path in set(self.paths.values()):
            with contextlib.suppress(OSError):
                path.rmdir()


def find(own: Path = OWN, mounted: Path = MOUNTED, wanted: tuple[str, ...] = WANTED) -> Cgroups:
    """The groups that were given to this service; none where they belong to somebody else.

    A group is ours when the service manager marked it as delegated, when its owner is our own user, or when it is the
    topmost we can see, as in a container.
    """
    lines = [line.split(":", 2) for line in own.read_text().splitlines()] if own.exists() else []
    old = {name: (mounted / name, path) for _, names, path in lines for name in names.split(",") if name in wanted}
    if old:
        folders = {name: top / path.lstrip("/") for name, (top, path) in old.items() if _ours(top, path)}
        return Cgroups(version=1, folders=folders)
    for _, names, path in lines:
        if not names and _ours(mounted, path):
            return _claim(mounted / path.lstrip("/"), wanted)
    return Cgroups()


def of(pid: int, mounted: Path = MOUNTED) -> Group:
    """The groups that a process is in, whosever they are, to read from."""
    lines = [line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines()]
    old = {name: mounted / name / path.lstrip("/") for _, names, path in lines for name in names.split(",") if name}
    if "memory" in old:
        return Group(version=1, paths={name: path for name, path in old.items() if name in ("memory", "pids")})
    path = next((mounted / path.lstrip("/") for _, names, path in lines if not names), mounted)
    return Group(version=2, paths={"memory": path, "pids": path})


def _ours(top: Path, path: str) -> bool:
    folder = top / path.lstrip("/")
    if not os.access(folder / "cgroup.procs", os.W_OK) or not os.access(folder, os.W_OK):
        return False
    if path == "/" or (os.getuid() != 0 and folder.stat().st_uid == os.getuid()):
        return True
    return any(_marked(folder, name) for name in ("user.delegate", "trusted.delegate"))


def _marked(folder: Path, name: str) -> bool:
    try:
        return os.getxattr(folder, name) == b"1"
    except OSError:
        return False


def _claim(folder: Path, controllers: tuple[str, ...]) -> Cgroups:
    """Have the controllers count below `folder`; version 2 wants the service itself in a group of its own for that."""
    offered = set((folder / "cgroup.controllers").read_text().split())
    enabled = set((folder / "cgroup.subtree_control").read_text().split())
    wanted = [name for name in controllers if name in offered]
    if not set(wanted) <= enabled:
        with contextlib.suppress(OSError):
            _step_aside(folder)
            (folder / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in wanted))
        enabled = set((folder / "cgroup.subtree_control").read_text().split())
    return Cgroups(version=2, folders={name: folder for name in wanted if name in enabled})


def _step_aside(folder: Path) -> None:
    if (folder / "cgroup.procs").read_text().split() == [str(os.getpid())]:
        (folder / "service").mkdir(exist_ok=True)
        (folder / "service" / "cgroup.procs").write_text(str(os.getpid()))


def _set(path: Path, controller: str, version: int, limits: Limits) -> None:
    if controller == "pids":
        (path / "pids.max").write_text(str(limits.processes))
    elif version == 2:
        (path / "memory.max").write_text(str(limits.memory))
        if (path / "memory.swap.max").exists():
            (path / "memory.swap.max").write_text("0")
    else:
        (path / "memory.limit_in_bytes").write_text(str(limits.memory))


def _count(path: Path, word: str) -> int:
    """A number of a file of the kernel's; read after each command, so without the weight of a file object."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        found = os.read(descriptor, 4096).decode().split()
    except OSError:
        return 0
    finally:
        os.close(descriptor)
    return int(found[found.index(word) + 1]) if word in found else 0
