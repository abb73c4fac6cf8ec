"""Boxes where neither namespaces nor an engine are allowed: held by Landlock, a filter and a user of their own."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

from services.sandbox import folders, landlock, orphans, rootfs, seccomp
from services.sandbox.box import NoSandboxError
from services.sandbox.confined import Order, launch
from services.sandbox.interpreter import Interpreter
from services.sandbox.launch import Launched
from services.sandbox.native import Native, Shared
from services.sandbox.network import Gate
from services.sandbox.plan import Plan
from services.sandbox.reach import Reach
from services.sandbox.shellbox import ShellBox
from services.sandbox.started import Ground
from services.sandbox.trial import trial

# Where boxes lie when the service's own folder is closed to the users that they are.
ELSEWHERE = Path("/var/lib/daimon-boxes")
OWN = (*folders.FOLDERS, "tmp", "run")
PROXY = "http://127.0.0.1:@port@"
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")
ETC = (*rootfs.FILES_COPIED, *rootfs.FOLDERS_COPIED, "nsswitch.conf", "protocols", "services", "os-release")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx", "/dev/pts")
NOT_HIDDEN = (
    "the list of processes with their command lines, and what else /proc tells everybody",
    "the names, sizes and owners of files that it cannot open",
    "the machine's name, network devices and users",
    "the port of its way out, on any address",
)
PLACES = (
    "This box shares the machine's file system: what is elsewhere /data is here $BOX_DATA ({BOX_DATA}), /return is "
    "$BOX_RETURN ({BOX_RETURN}), /tmp is $TMPDIR."
)
NO_ROOT = (
    "Boxes held by Landlock need a user of their own each, which only a service that was started as root can give "
    "them: start it as root, or allow user namespaces for bwrap, or install a Docker engine."
)
NO_LANDLOCK = (
    "This kernel has no Landlock of version {oldest} or later (it has {found}), which holds boxes where neither user "
    "namespaces nor a Docker engine are allowed; it needs Linux 6.7 with `landlock` among its security modules."
)


class Parts(Shared, frozen=True, kw_only=True):
    """What all boxes of this service have in common."""

    version: int


class Confinement(Native[Parts]):
    """The backend: opens boxes whose common parts lie in `home`, or where their users may go."""

    name = "landlock"
    hidden_not = NOT_HIDDEN
    shared = True

    def __init__(self, home: Path, plan: Plan | None = None, gate: Callable[[Reach], Gate] = Gate) -> None:
        super().__init__(_reachable(home), plan, gate)

    async def check(self) -> str | None:
        """Start a box for a moment; None when it works, else a sentence with what to do."""
        return await trial(self, self.home)

    async def open(self, root: Path) -> ShellBox:
        """Start a box over the files in `root`."""
        shared = await self._prepared()
        reopened = folders.are_used(root)
        user = folders.prepare(root, OWN)
        _close_to_others(self.home, root)
        box = ShellBox(root, self._ground(root, shared, user), self._gate(self._plan.reach))
        await box.start(reopened=reopened)
        return box

    def _share(self) -> Parts:
        version = landlock.version()
        if version < landlock.TCP_FROM:
            raise NoSandboxError(NO_LANDLOCK.format(oldest=landlock.TCP_FROM, found=version or "none"))
        if folders.outside_user("") == os.getuid():
            raise NoSandboxError(NO_ROOT)
        self.home.mkdir(parents=True, exist_ok=True)
        orphans.end(self.home / "kept", signal.SIGTERM)
        return Parts(
            version=version,
            interpreter=self._interpreter(),
            filtered=seccomp.program(memory_counted=self._memory_counted, apart=False),
        )

    def _ground(self, root: Path, shared: Parts, user: int) -> Ground:
        name = self._name()
        order = _order(root, shared, user)

        async def start() -> Launched:
            group = self._cgroups.group(name, self._plan.limits)
            return await launch(order, shared.filtered, group, self.home / "kept")

        return Ground(
            name=name,
            launch=start,
            limits=self._plan.limits,
            memory_counted=self._memory_counted,
            # Its user is nobody else's.
            processes_counted=True,
            note=PLACES.format(**order.environment),
        )


def _order(root: Path, shared: Parts, user: int) -> Order:
    interpreter = shared.interpreter
    python = [] if interpreter.prefix is None else [str(interpreter.prefix / "lib"), str(interpreter.program)]
    return Order(
        user=user,
        version=shared.version,
        python=str(interpreter.program),
        agent=str(interpreter.agent),
        home=str(root / "work"),
        environment=_environment(root, interpreter),
        run=[*SYSTEM, *python],
        read=[str(interpreter.agent.parent), "/proc", *(f"/etc/{name}" for name in ETC)],
        use=list(DEVICES),
        own=[str(root / name) for name in OWN],
    )


def _environment(root: Path, interpreter: Interpreter) -> dict[str, str]:
    values = rootfs.variables(str(root / "work"), PROXY)
    if interpreter.prefix is not None:
        values["PATH"] += f":{interpreter.prefix}/bin"
    return {
        **values,
        "SHELL": rootfs.shell(),
        "BOX_DATA": str(root / "data"),
        "BOX_RETURN": str(root / "return"),
        "BOX_RUN": str(root / "run"),
        "TMPDIR": str(root / "tmp"),
    }


def _reachable(home: Path) -> Path:
    """The folder for boxes: `home`, or another one when its parents are closed to other users."""
    there = [path for path in home.parents if path.exists()]
    if os.getuid() != 0 or all(path.stat().st_mode & 0o001 for path in there):
        return home
    return ELSEWHERE / hashlib.sha256(os.fsencode(home)).hexdigest()[:16]


def _close_to_others(home: Path, root: Path) -> None:
    """Let a box's user through to its own folders, and nobody else into them."""
    for path in (home, *(parent for parent in root.parents if parent.is_relative_to(home)), root):
        path.chmod(0o711)
    for name in OWN:
        (root / name).chmod(0o700)
