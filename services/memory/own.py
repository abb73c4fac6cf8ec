"""Daimon's own documents and source code, as passages that belong to nobody and that everybody may read."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

import services
from proto import errors, own
from proto.base import Caller
from proto.documents import FoundPassages, Text, cited
from proto.own import OwnText, ReadSelf, SearchSelf
from services.memory.lexicon import LibraryLexicon
from services.memory.library import Piece, find
from services.memory.passages import save
from services.memory.reading.main import read
from services.memory.store import Session, Store
from services.runtime.bus import Routes

ROOT = Path(services.__file__).parents[1]
WRITTEN = ("README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md")
TREES = ("docs/**/*.md", "proto/**/*.py", "services/**/*.py", "services/**/*.sql", "daimon/**/*.py")
NOBODY = ""
"""The user whose passages they are; no account has this name."""
LOCK = 5
"""The advisory lock of the process that reads them."""


class OwnFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as its passages were made."""

    path: str
    checksum: bytes


class Own:
    """Reads its files when it is first asked, and those that changed since."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lexicon = LibraryLexicon()
        self._current = False
        self._reading = asyncio.Lock()

    def routes(self) -> Routes:
        """The calls with what answers them."""
        return {own.SEARCH: self.search, own.SOURCE: self.source}

    async def search(self, request: SearchSelf, _: Caller) -> FoundPassages:
        """Find passages by words; they have no vectors, because making those would take minutes."""
        await self._make_current()
        async with self._store.session() as session:
            terms = await self._lexicon.read(session, NOBODY, request.query.replace("\0", " "))
            hits = (await find(session, terms, None, NOBODY, ""))[: request.limit]
        return FoundPassages(hits=tuple(hits), sentence=f"Found {len(hits) or 'nothing'} in Daimon's own files")

    async def source(self, request: ReadSelf, _: Caller) -> OwnText:
        """Read on in a file."""
        await self._make_current()
        where = {"page": 0, "line": request.line, "passage": 0, "limit": request.limit}
        pieces = await self._store.fetch(Piece, "read_passages", user=NOBODY, document=request.path, **where)
        if not pieces:
            raise errors.Missing(f"There is no {request.path} with a line {request.line}; self.search names the files.")
        texts = (Text(place=cited(one.page, one.line, one.last), heading=one.heading, text=one.text) for one in pieces)
        return OwnText(path=request.path, texts=tuple(texts))

    async def _make_current(self) -> None:
        """Look once in a process: a program that runs does not change."""
        async with self._reading:
            if not self._current:
                async with self._store.alone() as session, session.transaction():
                    await session.run("lock_until_commit", lock=LOCK)
                    await _read_changed(session)
                self._current = True


async def _read_changed(session: Session) -> None:
    known = {file.path: file.checksum for file in await session.fetch(OwnFile, "own_files")}
    here = await asyncio.to_thread(lambda: dict(files(ROOT)))
    for path in known.keys() - here.keys():
        await session.run("drop_passages", user=NOBODY, document=path)
        await session.run("drop_own_file", path=path)
    for path, raw in here.items():
        checksum = hashlib.sha256(raw).digest()
        if known.get(path) != checksum:
            await session.run("drop_passages", user=NOBODY, document=path)
            await save(session, NOBODY, path, read(raw, path, "").passages)
            await session.run("save_own_file", path=path, checksum=checksum)


def files(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the bytes of each of our files that is there."""
    found = [root / name for name in WRITTEN] + [path for tree in TREES for path in sorted(root.glob(tree))]
    yield from ((path.relative_to(root).as_posix(), path.read_bytes()) for path in found if path.is_file())
