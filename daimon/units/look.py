"""How the units of this machine fare, as systemd sees them."""

from __future__ import annotations

import asyncio
import subprocess

import msgspec

from daimon.commands import CommandError
from daimon.units import installed
from daimon.up.home import Home

_NAMES = ("Id", "ActiveState", "Result", "MainPID", "NRestarts", "Type")
STOP = "systemctl stop daimon.target daimon.slice daimon-boxes.slice"


class Fare(msgspec.Struct, frozen=True, kw_only=True):
    """How one unit fares."""

    name: str
    active: str
    """systemd's words: active, activating, failed, inactive …"""
    result: str
    """Why it ended, when it did: exit-code, watchdog, oom-kill …"""
    pid: int
    restarts: int
    once: bool
    """It runs to its end, and then counts as active."""


async def fares() -> list[Fare]:
    """Return how every unit of Daimon fares; none where there is no systemd."""
    command = ("systemctl", "show", "--all", f"--property={','.join(_NAMES)}", "daimon-*.service")
    try:
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    except OSError:
        return []
    blocks = (dict(line.split("=", 1) for line in block.splitlines()) for block in done.stdout.split("\n\n"))
    return sorted((_fare(block) for block in blocks if block), key=lambda fare: fare.name)


def _fare(said: dict[str, str]) -> Fare:
    return Fare(
        name=said["Id"],
        active=said["ActiveState"],
        result=said.get("Result", ""),
        pid=int(said.get("MainPID", "0")),
        restarts=int(said.get("NRestarts", "0")),
        once=said.get("Type") == "oneshot",
    )


def refuse_units(home: Home, instead: str) -> None:
    """Refuse what is meant for `daimon up` in a home whose parts are units; raises CommandError."""
    if installed.read(home) is not None:
        raise CommandError(f"What runs in {home.path} are units of systemd; say `{instead}`.")
