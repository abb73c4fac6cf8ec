"""A Docker engine to measure against, where there is one and an image that boxes are made of."""

from __future__ import annotations

import asyncio
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.runtime.settings import vm_image

IMAGE = "python:3.11-slim"
WITHIN = 60.0
# The engine under test may have no bridge; commands need none.
RUN = ("run", "--network", "none", "--init")


class Docker:
    """One container that runs, and the commands people use."""

    def __init__(self, image: str, container: str) -> None:
        self.image = image
        self._container = container

    async def exec_seconds(self) -> float:
        """How long `docker exec` takes for a command that does nothing."""
        return await _timed("exec", self._container, "true")

    async def run_seconds(self) -> float:
        """How long `docker run` takes for a command that does nothing."""
        return await _timed(*RUN, "--rm", self.image, "true")


@asynccontextmanager
async def found() -> AsyncIterator[Docker | None]:
    """The engine with a container in it; None where there is no engine, or no image."""
    image = vm_image() or IMAGE
    container = await _said(*RUN, "--detach", image, "sleep", "3600") if await _has(image) else ""
    try:
        yield Docker(image, container) if container else None
    finally:
        if container:
            await _said("rm", "--force", container)


async def clear(home: Path) -> None:
    """Take away the containers that hold the boxes of a home."""
    if shutil.which("docker") is None:
        return
    left = await _said("ps", "--all", "--quiet", "--filter", f"label=daimon.home={home}")
    if left:
        await _said("rm", "--force", *left.split())


async def _has(image: str) -> bool:
    return shutil.which("docker") is not None and bool(await _said("image", "inspect", "--format", "{{.Id}}", image))


async def _timed(*words: str) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await _said(*words)
    return loop.time() - began


async def _said(*words: str) -> str:
    """What `docker` prints; empty when it fails."""
    process = await asyncio.create_subprocess_exec("docker", *words, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL)
    async with asyncio.timeout(WITHIN):
        out, _ = await process.communicate()
    return out.decode().strip() if process.returncode == 0 else ""
