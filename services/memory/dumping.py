"""The copy of the database that is made before its schema changes."""

from __future__ import annotations

import asyncio
import logging
from asyncio.subprocess import DEVNULL, PIPE
from datetime import UTC, datetime
from pathlib import Path

from proto import errors
from services.memory.settings import MemorySettings

SECONDS = 3600.0
log = logging.getLogger("daimon.memory")


class NoBackup(errors.Failure):
    """The copy before changing the schema could not be made, so nothing was changed."""


async def dump_before(settings: MemorySettings, step: str) -> None:
    """Dump the database into the folder for backups; raises NoBackup."""
    if not settings.backups:
        log.warning("no copy is made before %s: memory.backups is not set", step, extra={"action": "memory.no_backup"})
        return
    try:
        file = _place(Path(settings.backups), step)
        await _dump(settings, file)
    except OSError as error:
        raise NoBackup(f"Nothing was changed, because the copy before {step} failed: {error}.") from error
    log.info("copied the database to %s before %s", file, step, extra={"action": "memory.backed_up"})


def _place(folder: Path, step: str) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"before-{Path(step).stem}-{datetime.now(UTC):%Y%m%dT%H%M%S}.dump"


async def _dump(settings: MemorySettings, file: Path) -> None:
    words = ("--format=custom", f"--file={file}", settings.database)
    process = await asyncio.create_subprocess_exec(settings.pg_dump, *words, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE)
    try:
        async with asyncio.timeout(SECONDS):
            _, said = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise OSError(said.decode(errors="replace").strip() or f"pg_dump ended with {process.returncode}")
