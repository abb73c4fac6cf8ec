"""Making the backups that owners ask for on a page, for as long as Daimon runs."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from daimon import saving
from daimon.catching_up import caught_up
from daimon.connection import OWNER, Connection, connect
from daimon.up.errors import UpError
from daimon.up.home import Home
from proto import backups, errors, events
from proto.backups import Backup, BackupAsked, Made
from services.runtime.bus import Interrupted

AGAIN = 5.0
"""Seconds until the bus is looked for again."""
TELL = 30.0
PIECE = 1 << 20


async def keep(home: Home) -> None:
    """Wait for wishes, until cancelled."""
    while True:
        with contextlib.suppress(errors.Failure, Interrupted, OSError):
            async with (
                connect(home.path, OWNER) as connection,
                connection.bus.follow(events.of_kind(BackupAsked.kind)) as wishes,
            ):
                async for wish in wishes:
                    made = await _make(connection, home, wish.user)
                    await connection.bus.call(backups.MADE, made, timeout=TELL)
        await asyncio.sleep(AGAIN)


async def _make(connection: Connection, home: Home, user: str) -> Made:
    try:
        return Made(user=user, backup=await make(connection, home))
    except (errors.Failure, UpError, OSError) as error:
        return Made(user=user, problem=f"{error}")


async def make(connection: Connection, home: Home) -> Backup:
    """Make a backup in the home, read it back, and write beside it what it is."""
    home.whole_backups.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = home.whole_backups / f"daimon-{datetime.now(UTC):%Y%m%d-%H%M%S}{backups.SUFFIX}"
    manifest = await saving.save(connection, home, file, await caught_up(connection))
    sha256 = await asyncio.to_thread(_read_back, file, manifest)
    backup = Backup(
        name=file.name,
        time=manifest.time,
        size=file.stat().st_size,
        sequence=manifest.sequence,
        seal=manifest.seal,
        sha256=sha256,
    )
    file.with_suffix(backups.RECORD).write_bytes(msgspec.json.encode(backup))
    return backup


def _read_back(file: Path, manifest: saving.Manifest) -> str:
    """Check that a backup is whole; its SHA-256."""
    saving.check(file, manifest)
    digest = hashlib.sha256()
    with file.open("rb") as read:
        while piece := read.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()
