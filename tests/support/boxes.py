"""Boxes of each backend for tests, or the reason why there can be none on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from proto import forgetting
from proto.base import Caller
from services.runtime.bus import Bus
from services.sandbox.backends import MAKERS
from services.sandbox.box import Backend
from services.sandbox.limits import Limits
from services.sandbox.main import serve
from services.sandbox.plan import IMAGE, Plan
from services.sandbox.settings import SandboxSettings
from tests.support.running import running
from tests.support.servers import NatsServer, running_nats

BACKENDS = ("bwrap", "docker", "landlock")
once = pytest.mark.parametrize("backend", ["bwrap"], indirect=True)
"""Runs a test on bwrap alone, where what it is about has nothing to do with what holds the box."""
_works = {"bwrap"}
MIB = 1024 * 1024
SMALL = Limits(
    memory=256 * MIB, processes=64, disk=64 * MIB, files=2000, tmp=32 * MIB, open_files=256, output_kept=8 * MIB
)


def image() -> str:
    """The image of boxes: `VM_IMAGE`, as everywhere."""
    return os.environ.get("VM_IMAGE") or IMAGE


@contextlib.contextmanager
def open_home() -> Iterator[Path]:
    """A folder for boxes that other users may pass through, as a box of Landlock must."""
    home = Path(tempfile.mkdtemp(prefix="daimon-boxes-"))
    home.chmod(0o711)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.asynccontextmanager
async def working(name: str, home: Path, plan: Plan | None = None) -> AsyncIterator[Backend]:
    """A backend that works; the test is skipped, with its reason, where it cannot."""
    backend = MAKERS[name](home, replace(plan or Plan(limits=SMALL), image=image()))
    if problem := await backend.check():
        pytest.skip(f"{name}: {problem}")
    yield backend
    await backend.close()


class Place(NamedTuple):
    """A bus of its own with the service on it, for many tests, each of which is a user of its own."""

    server: NatsServer
    home: Path
    """Where the boxes lie."""

    @contextlib.asynccontextmanager
    async def entered(self, ada: Caller) -> AsyncIterator[Bus]:
        """A client's line; ada's boxes end with it, also where they would outlive the service."""
        async with (
            Bus.open(self.server.settings("cli"), "cli") as bus,
            Bus.open(self.server.settings("memory"), "memory") as memory,
        ):
            yield bus
            await memory.call(forgetting.ERASE_BOXES, forgetting.EraseBoxes(user=ada.user), timeout=60)


@contextlib.asynccontextmanager
async def serving(folder: Path, settings: SandboxSettings) -> AsyncIterator[Place]:
    """The service with a backend that works, its bus in `folder`."""
    await _must_work(settings.backend)
    with open_home() as home:
        settings = replace(settings, home=str(home), vm_image=image())
        async with (
            running_nats(folder) as server,
            Bus.open(server.settings("sandbox"), "sandbox") as bus,
            running(serve, settings, bus),
        ):
            yield Place(server, home)


async def _must_work(name: str) -> None:
    if name not in _works:
        with open_home() as home:
            async with working(name, home):
                _works.add(name)


async def gone(pid: int) -> None:
    """Wait until a process has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ready, _, _ = await asyncio.to_thread(select.select, [handle], [], [], 20)
    os.close(handle)
    assert ready, f"process {pid} lives on"
