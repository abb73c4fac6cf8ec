"""Reading and writing the files of boxes, one method a subject."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from proto import boxes, documents, errors, events, sandbox
from proto.base import Caller
from proto.events import Happening
from services.runtime.bus import Bus
from services.sandbox.box import Box
from services.sandbox.earlier import Changed, Earlier
from services.sandbox.inside import Folder
from services.sandbox.opening import Opening

PLACES = {"/home/box": "work", "/data": "data", "/return": "return"}
"""Folders of a box as it calls them, and below its root on this machine."""
READ_LIMIT = 8_000_000
"""Bytes of a text file that is read by lines."""
ANSWER_LIMIT = 200_000
EDIT_LIMIT = 4_000_000
NUL_WITHIN = 8192


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """Where a path of a box leads."""

    folder: Path
    """On this machine."""
    inner: str
    """Below it; empty for the folder itself."""
    path: str
    """As the box has it."""


class FileHandlers:
    """One method a subject."""

    def __init__(self, bus: Bus, opening: Opening, *, limit: int, shared: bool = False) -> None:
        """`limit` is the most bytes of a file that is handed back.

        `shared` boxes know their folders by the machine's own names.
        """
        self._shared = shared
        self._journal = bus.journal
        self._files = bus.objects(documents.FILES)
        self._opening = opening
        self._earlier = Earlier(self._files)
        self._limit = limit

    async def files(self, request: boxes.ListFiles, caller: Caller) -> boxes.FileList:
        """List the files below a folder."""
        at = self._spot(await self._opening.box(caller), request.folder)
        with Folder.open(at.folder) as folder, reading(at):
            found = folder.files(boxes.FILES_LIMIT + 1, at.inner)
        begin = at.path.removesuffix(f"/{at.inner}") if at.inner else at.path
        listed = [
            boxes.BoxFile(
                path=f"{begin}/{each.path}", size=each.size, modified=datetime.fromtimestamp(each.modified, UTC)
            )
            for each in found[: boxes.FILES_LIMIT]
        ]
        more = " and more" if len(found) > len(listed) else ""
        return boxes.FileList(files=tuple(listed), sentence=f"{len(listed)} files{more} below {at.path}.")

    async def read(self, request: boxes.ReadFile, caller: Caller) -> boxes.FileText:
        """Read lines of a text file, or hand another file back."""
        at = self._spot(await self._opening.box(caller), request.path)
        with Folder.open(at.folder) as folder:
            if request.fetch:
                return await self._handed_back(folder, at, caller, asked=True)
            with reading(at):
                content = folder.content(at.inner, READ_LIMIT + 1)
            text = as_text(content)
            if text is None or len(content) > READ_LIMIT:
                return await self._handed_back(folder, at, caller)
        return lines_of(request, at, text, len(content))

    async def write(self, request: boxes.WriteFile, caller: Caller) -> boxes.FileChange:
        """Write a file."""
        box = await self._opening.box(caller)
        at = self._spot(box, request.path)
        change = await self._replace(box, at, request.text, caller)
        what = boxes.FileWritten(path=at.path, size=change.size, kept=change.kept, made=change.made)
        return await self._recorded(at, change.size, what, caller)

    async def edit(self, request: boxes.EditFile, caller: Caller) -> boxes.FileChange:
        """Replace a passage."""
        box = await self._opening.box(caller)
        at = self._spot(box, request.path)
        with Folder.open(at.folder) as folder, reading(at):
            text = as_text(folder.content(at.inner, EDIT_LIMIT + 1))
        if text is None or len(text.encode()) > EDIT_LIMIT:
            raise errors.Invalid(f"{at.path} is no text that can be edited here; use sandbox.run.")
        change = await self._replace(box, at, replaced(text, request, at.path), caller)
        old, new = request.old[: documents.NAME_LIMIT], request.new[: documents.NAME_LIMIT]
        what = boxes.FileEdited(path=at.path, old=old, new=new, kept=change.kept, made=change.made)
        return await self._recorded(at, change.size, what, caller)

    async def restore(self, request: boxes.RestoreFile, caller: Caller) -> boxes.FileChange:
        """Give a file back what it held; Refused when it is not any more what the change left."""
        box = await self._opening.box(caller)
        at = self._spot(box, request.path)
        with Folder.open(at.folder) as folder, reading(at):
            if self._earlier.digest(folder, at.inner) != request.instead_of:
                raise errors.Refused(f"{at.path} was changed since by something else, so it stays as it is.")
            kept = await self._earlier.keep(folder, at.inner, caller.user)
            size = await self._earlier.put_back(folder, at.inner, request.sha256, caller.user)
        return await self._recorded(at, size, boxes.FileRestored(path=at.path, kept=kept, made=request.sha256), caller)

    def _spot(self, box: Box, path: str) -> Spot:
        return spot(box.root, path, shared=self._shared)

    async def _replace(self, box: Box, at: Spot, text: str, caller: Caller) -> Changed:
        if not at.inner:
            raise errors.Invalid(f"{at.path} is a folder; name a file in it.")
        if full := await box.full():
            raise errors.TooLarge(f"The box is full ({full}); delete some files first.")
        content = text.encode("utf-8", "surrogatepass")
        with Folder.open(at.folder) as folder, reading(at):
            kept = await self._earlier.keep(folder, at.inner, caller.user)
            folder.replace(at.inner, content)
        return Changed(size=len(content), kept=kept, made=hashlib.sha256(content).hexdigest())

    async def _recorded(self, at: Spot, size: int, what: Happening, caller: Caller) -> boxes.FileChange:
        event = events.happened(what, caller)
        await self._journal.append(event)
        return boxes.FileChange(path=at.path, size=size, sentence=event.sentence, event=event.id)

    async def _handed_back(self, folder: Folder, at: Spot, caller: Caller, *, asked: bool = False) -> boxes.FileText:
        with reading(at):
            kept = await self._files.put(caller.user, _pieces(folder, at.inner), limit=self._limit)
        name = documents.plain_name(at.path)
        if not kept.known:
            # Forgetting the conversation must find what it has left in the bucket.
            returned = sandbox.FileReturned(name=name, size=kept.size, sha256=kept.sha256)
            await self._journal.append(events.happened(returned, caller))
        link = documents.link(kept.sha256, name)
        size = documents.readable_size(kept.size)
        why = "" if asked else "is no text, or too long to be read by lines; it "
        sentence = f"{at.path} ({size}) {why}can be fetched at {link}"
        return boxes.FileText(path=at.path, size=kept.size, link=link, sentence=sentence)


def spot(root: Path, path: str, *, shared: bool = False) -> Spot:
    """Where a path of a box leads; Invalid when it is none that the service may touch."""
    if "\0" in path:
        raise errors.Invalid("A path has no NUL character.")
    whole = posixpath.normpath(posixpath.join("/home/box", path))
    for place, name in PLACES.items():
        # A box without a file system of its own knows its folders by the machine's names.
        for begin in (place, str(root / name)):
            if whole == begin or whole.startswith(f"{begin}/"):
                inner = whole[len(begin) + 1 :]
                told = str(root / name / inner) if shared else posixpath.join(place, inner).rstrip("/")
                return Spot(folder=root / name, inner=inner, path=told)
    raise errors.Invalid(f"{whole} does not lie below /home/box, /data or /return; use sandbox.run for it.")


def as_text(content: bytes) -> str | None:
    """The text that a file holds; None when it is something else."""
    if b"\0" in content[:NUL_WITHIN]:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        # The limit may have cut the last character in two.
        return content[: error.start].decode() if error.start > READ_LIMIT - 4 else None


def lines_of(request: boxes.ReadFile, at: Spot, text: str, size: int) -> boxes.FileText:
    """The lines that were asked for, and what else there is."""
    lines = text.splitlines(keepends=True)
    wanted = "".join(lines[request.first - 1 : request.first - 1 + request.lines])
    last = min(len(lines), request.first - 1 + request.lines)
    sentence = "" if len(wanted) <= ANSWER_LIMIT else f"Only the first {ANSWER_LIMIT} characters of these lines."
    if not sentence and (request.first > 1 or last < len(lines)):
        sentence = f"Lines {request.first} to {last} of {len(lines)}."
    return boxes.FileText(
        path=at.path,
        size=size,
        text=wanted[:ANSWER_LIMIT],
        first=request.first,
        total=len(lines),
        sentence=sentence,
    )


def replaced(text: str, request: boxes.EditFile, path: str) -> str:
    """The text with the passage replaced; Missing or Ambiguous unless it stands there once."""
    count = text.count(request.old)
    if count == 0:
        raise errors.Missing(f"That passage does not stand in {path}; read it again and copy it exactly.")
    if count > 1:
        raise errors.Ambiguous(f"That passage stands {count} times in {path}; give more of what is around it.")
    return text.replace(request.old, request.new)


@contextmanager
def reading(at: Spot) -> Iterator[None]:
    """What may go wrong with a file, in sentences."""
    try:
        yield
    except FileNotFoundError as error:
        raise errors.Missing(f"There is no file {at.path}; sandbox.files lists what there is.") from error
    except IsADirectoryError as error:
        raise errors.Invalid(f"{at.path} is a folder; name a file in it.") from error
    except OSError as error:
        raise errors.Invalid(
            f"{at.path} is not a plain file, or lies behind a link; use sandbox.run for it."
        ) from error


async def _pieces(folder: Folder, path: str) -> AsyncGenerator[bytes, None]:
    with folder.reading(path) as file:
        while piece := file.read(documents.NAME_LIMIT * 1024):
            yield piece
