"""Reads what was handed in: each file in a process of its own, within limits, so that a bad one fails alone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from proto import documents, errors
from proto.base import Caller
from proto.documents import DocumentRead, readable_size
from proto.events import happened
from services.memory.passages import save
from services.memory.reading.main import Read
from services.memory.store import Session, Store
from services.runtime.bus import Bus

MODULE = "services.memory.reading.main"
CHECKOUT = Path(__file__).resolve().parents[2]
LARGEST = 50_000_000
"""Bytes of a file whose text is read; larger ones are kept only."""
SECONDS = 90.0
"""For one file, fetching included."""
EVERY = 1.0
"""Seconds between two looks."""
LOCK = 4
"""The advisory lock of the process that reads."""

log = logging.getLogger("daimon.memory")


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """A document whose text nobody has read yet."""

    user: str
    document: str
    name: str
    size: int
    sha256: str
    media_type: str
    uploaded: datetime

    @property
    def key(self) -> tuple[str, str, datetime]:
        """Tells it from the same file that was deleted and handed in again."""
        return self.user, self.document, self.uploaded


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the lock is ours."""

    held: bool


class Reader:
    """Reads in the background, one file at a time, by one process at a time."""

    def __init__(self, store: Store, bus: Bus, written: Callable[[], None]) -> None:
        self._store = store
        self._bus = bus
        self._files = bus.objects(documents.FILES)
        self._written = written
        """Called when there are new texts."""
        self._read: set[tuple[str, str, datetime]] = set()
        """Whose outcome is recorded, and may not be in SQL yet."""

    async def run(self) -> None:
        """Read until cancelled; what fails for reasons of ours is tried again."""
        while True:
            try:
                await self._look()
            except errors.Failure as failure:
                log.info("reading waits: %s", failure, extra={"action": "memory.reading_waits"})
            await asyncio.sleep(EVERY)

    async def _look(self) -> None:
        waiting = await self._store.fetch(Unread, "unread_documents")
        keys = {file.key for file in waiting}
        self._read &= keys
        if not keys - self._read:
            return
        async with self._store.alone() as session:
            (lock,) = await session.fetch(Held, "try_lock", lock=LOCK)
            for file in waiting if lock.held else ():
                if file.key not in self._read:
                    await self._take(session, file)

    async def _take(self, session: Session, file: Unread) -> None:
        outcome = await self._outcome(file)
        found = outcome.passages
        async with session.transaction():
            await session.run("drop_passages", user=file.user, document=file.document)
            await save(session, file.user, file.document, found)
            await session.run("await_passages", user=file.user, document=file.document)
        what = DocumentRead(document=file.document, name=file.name, passages=len(found), problem=outcome.problem)
        await self._bus.journal.append(happened(what, Caller(user=file.user, actor="system")))
        self._read.add(file.key)
        self._written()

    async def _outcome(self, file: Unread) -> Read:
        if file.size > LARGEST:
            return Read(problem=f"It is larger than {readable_size(LARGEST)}; it is kept, but its text is not read.")
        try:
            async with asyncio.timeout(SECONDS):
                return await self._parsed(file)
        except TimeoutError:
            return Read(problem=f"Reading it took longer than {SECONDS:.0f} seconds; split it.")
        except errors.Missing:
            return Read(problem="Its bytes are no longer there; upload it again.")

    async def _parsed(self, file: Unread) -> Read:
        process = await asyncio.create_subprocess_exec(
            *("env", "-i", sys.executable, "-m", MODULE, file.name, file.media_type),
            cwd=CHECKOUT,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
        )
        try:
            async with asyncio.TaskGroup() as group:
                said = group.create_task(_all_of(process))
                group.create_task(self._feed(process, file))
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        try:
            return msgspec.json.decode(said.result(), type=Read)
        except msgspec.DecodeError:
            return Read(problem="Reading it takes more memory or time than it may, or it is damaged.")

    async def _feed(self, process: Process, file: Unread) -> None:
        assert process.stdin is not None  # noqa: S101 - it was started with a pipe
        async with contextlib.aclosing(self._files.read(file.user, file.sha256)) as chunks:
            # A process that has seen enough ends before the file does.
            with contextlib.suppress(ConnectionError):
                async for chunk in chunks:
                    process.stdin.write(chunk)
                    await process.stdin.drain()
        process.stdin.close()


async def _all_of(process: Process) -> bytes:
    assert process.stdout is not None  # noqa: S101 - it was started with a pipe
    return await process.stdout.read()
