"""A program that says, as JSON, which backend holds boxes here, which limits it keeps, and what it does not hide."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import msgspec

from services.runtime.settings import load
from services.sandbox.backends import choose
from services.sandbox.limits import Enforcement
from services.sandbox.settings import SandboxSettings, plan


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What holds boxes on this machine."""

    backend: str
    problem: str
    """Why nothing does, and what to do; '' when something does."""
    limits: tuple[Enforcement, ...]
    not_hidden: tuple[str, ...]
    """What of the machine its boxes can see."""


async def found(settings: SandboxSettings) -> Found:
    """Try what the settings want, in a folder of its own: the boxes that live are not touched."""
    with tempfile.TemporaryDirectory(prefix="daimon-check-") as home:
        backend = await choose(settings.backend, Path(home), plan(settings))
        problem = await backend.check() if backend.name == "none" else None
        return Found(
            backend=backend.name,
            problem=problem or "",
            limits=backend.limits_in_force(),
            not_hidden=backend.hidden_not,
        )


def main() -> None:
    """Say what was found."""
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(found(load("sandbox", SandboxSettings)))))


if __name__ == "__main__":
    main()
