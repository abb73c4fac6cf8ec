"""What goes into a box through /data and out of it through /return, told by the log and kept in the files' bucket.

What lies below a box's root was written from inside the box: nothing there is opened through a link.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import AsyncGenerator
from pathlib import Path
from weakref import WeakValueDictionary

import msgspec

from proto import documents, errors, events, sandbox
from proto.base import Caller
from proto.documents import DocumentUploaded
from proto.kinds import happening
from services.runtime.bus import Bus
from services.sandbox.disk import measure
from services.sandbox.inside import Folder, Found, numbered
from services.sandbox.limits import Limits

DATA, RETURN = "data", "return"
NOTED = "exchanged.json"
CHUNK = 128 * 1024
MOST = 100
"""Files that are handed back at a time."""


class Noted(msgspec.Struct, kw_only=True):
    """What has been exchanged with a box, kept beside its files where the box cannot see it."""

    sequence: int = 0
    """The place in the log up to which uploads were brought."""
    brought: dict[str, str] = {}
    """Names below /data by document."""
    refused: dict[str, int] = {}
    """Sizes of the documents that had no room, by document."""
    returned: dict[str, str] = {}
    """What each file below /return looked like when it was handed back."""


class Exchange:
    """Brings files to boxes and fetches them from there."""

    def __init__(self, bus: Bus, *, limit: int, disk: int = Limits().disk, shared: bool = False) -> None:
        """`limit` is the most bytes of one file, `disk` of all files of a box.

        `shared` boxes know their folders by the machine's own names.
        """
        self._shared = shared
        self._journal = bus.journal
        self._files = bus.objects(documents.FILES)
        self._limit = limit
        self._disk = disk
        self._current: set[Path] = set()
        self._locks: WeakValueDictionary[Path, asyncio.Lock] = WeakValueDictionary()

    def expect(self, root: Path) -> None:
        """Something was uploaded for this box."""
        self._current.discard(root)

    def expect_all(self) -> None:
        """Whatever was brought anywhere may be gone."""
        self._current.clear()

    def has_brought(self, root: Path) -> bool:
        """Whether everything that was uploaded for a box lies in it."""
        return root in self._current

    async def bring(self, root: Path, caller: Caller) -> dict[str, str]:
        """Put all that was uploaded in the caller's conversation into its box; the paths in it, by document."""
        async with self._locks.setdefault(root, asyncio.Lock()):
            noted = _read(root)
            if root in self._current or not caller.conversation:
                return self._paths(root, noted)
            # Before the log is read, so that what is uploaded meanwhile is not taken for brought.
            self._current.add(root)
            with contextlib.ExitStack() as unless_done:
                unless_done.callback(self.expect, root)
                await self._bring_new(root, noted, caller)
                unless_done.pop_all()
            return self._paths(root, noted)

    def refused(self, root: Path, document: str) -> str:
        """Why an uploaded document does not lie in the box, in a sentence; '' when it does, or is not known."""
        size = _read(root).refused.get(document)
        if size is None:
            return ""
        return (
            f"The file ({documents.readable_size(size)}) does not fit into the box, whose files may take "
            f"{self._disk >> 20} MiB together. It is kept as a document; delete something there and upload it again."
        )

    async def fetch(self, root: Path, caller: Caller) -> tuple[sandbox.HandedBack, ...]:
        """Keep and record what is new below /return."""
        if not _may_have(root):
            return ()
        async with self._locks.setdefault(root, asyncio.Lock()):
            noted = _read(root)
            with Folder.open(root / RETURN) as folder:
                there = await asyncio.to_thread(folder.files, MOST)
                fresh = [found for found in there if noted.returned.get(found.path) != found.state]
                back = [await self._fetched(folder, found, caller) for found in fresh]
            noted.returned = {found.path: found.state for found in there}
            _write(root, noted)
        return tuple(each for each in back if each is not None)

    def _paths(self, root: Path, noted: Noted) -> dict[str, str]:
        begin = str(root / DATA) if self._shared else f"/{DATA}"
        return {document: f"{begin}/{name}" for document, name in noted.brought.items()}

    async def _bring_new(self, root: Path, noted: Noted, caller: Caller) -> None:
        uploads = events.in_conversation(caller.user, caller.conversation, "document")
        for recorded in await self._journal.read(uploads, after=noted.sequence):
            what = happening(recorded.event)
            if isinstance(what, DocumentUploaded):
                # What was deleted in the meantime is not missed.
                with contextlib.suppress(errors.Missing):
                    await self._take(root, what, noted, caller.user)
            noted.sequence = recorded.sequence
            _write(root, noted)

    async def _take(self, root: Path, what: DocumentUploaded, noted: Noted, user: str) -> None:
        """Bring one document, unless the box has no room for it: that would be in the way of every command."""
        usage = await asyncio.to_thread(measure, root)
        if usage.size + what.size > self._disk:
            noted.refused[what.document] = what.size
            return
        noted.refused.pop(what.document, None)
        noted.brought[what.document] = await self._placed(root, what, noted, user)

    async def _placed(self, root: Path, what: DocumentUploaded, noted: Noted, user: str) -> str:
        with Folder.open(root / DATA) as folder:
            before = noted.brought.get(what.document, "")
            if before and folder.size(before) == what.size:
                return before
            with folder.fresh() as fresh:
                async for chunk in self._files.read(user, what.sha256):
                    fresh.write(chunk)
                return fresh.name_it(numbered(documents.plain_name(what.name)))

    async def _fetched(self, folder: Folder, found: Found, caller: Caller) -> sandbox.HandedBack | None:
        try:
            kept = await self._files.put(caller.user, _pieces(folder, found.path), limit=self._limit)
        except (OSError, errors.TooLarge):
            return None
        happened = sandbox.FileReturned(name=found.path, size=kept.size, sha256=kept.sha256)
        await self._journal.append(events.happened(happened, caller))
        link = documents.link(kept.sha256, documents.plain_name(found.path))
        return sandbox.HandedBack(name=found.path, size=kept.size, sha256=kept.sha256, link=link)


async def _pieces(folder: Folder, path: str) -> AsyncGenerator[bytes, None]:
    with folder.reading(path) as file:
        while piece := await asyncio.to_thread(file.read, CHUNK):
            yield piece


def _may_have(root: Path) -> bool:
    """Whether anything lies below /return or did: asked after each command, so it must cost nothing."""
    with contextlib.suppress(OSError), os.scandir(root / RETURN) as entries:
        return any(True for _ in entries)
    return False


def _read(root: Path) -> Noted:
    try:
        return msgspec.json.decode((root / NOTED).read_bytes(), type=Noted)
    except (OSError, msgspec.MsgspecError):
        return Noted()


def _write(root: Path, noted: Noted) -> None:
    fresh = root / f"{NOTED}.new"
    fresh.write_bytes(msgspec.json.encode(noted))
    fresh.chmod(stat.S_IRUSR | stat.S_IWUSR)
    fresh.rename(root / NOTED)
