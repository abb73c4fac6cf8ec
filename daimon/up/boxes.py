"""What holds the boxes of this machine, as the sandbox service itself finds it."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping

import msgspec

from daimon.up.services import CHECKOUT

WITHIN = 60.0


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """A limit of each box, and what holds it."""

    limit: str
    most: str
    by: str


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """What holds boxes."""

    backend: str = "none"
    problem: str = ""
    limits: tuple[Limit, ...] = ()
    not_hidden: tuple[str, ...] = ()
    """What of the machine a box can see."""


async def holder(settings: Mapping[str, str]) -> Holder:
    """Have the service's own check make a box under these settings."""
    chosen = {f"DAIMON_SANDBOX_{name.upper()}": value for name, value in settings.items() if name != "home"}
    assignments = [f"{name}={value}" for name, value in chosen.items()]
    words = ("env", *assignments, sys.executable, "-m", "services.sandbox.check")
    child = await asyncio.create_subprocess_exec(*words, cwd=CHECKOUT, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    complaint = b""
    try:
        async with asyncio.timeout(WITHIN):
            told, complaint = await child.communicate()
        return msgspec.json.decode(told, type=Holder)
    except (TimeoutError, msgspec.DecodeError):
        last = complaint.decode(errors="replace").strip().splitlines()[-1:] if child.returncode else []
        return Holder(problem=" ".join(["The sandbox cannot be examined.", *last]))
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
