"""Handing a file in over the bus, and fetching files from it, without ever holding a whole one."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import msgspec

from daimon.connection import Connection
from proto import documents, errors, sandbox
from proto.documents import AddDocument, Document

CHUNK = 1024 * 1024
ADD_SECONDS = 60.0
BOX_SECONDS = 30.0


class Uploaded(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file that was handed in."""

    document: Document
    path: str = ""
    """Where it lies in the conversation's box, empty when it does not."""
    note: str = ""
    """Why it does not lie there yet, in a sentence."""


async def upload(connection: Connection, path: Path, *, limit: int = documents.SIZE_LIMIT) -> Uploaded:
    """Hand a file in, into the box too where the connection names a conversation; Invalid when it cannot be read."""
    user = connection.caller.user
    try:
        kept = await connection.bus.objects(documents.FILES).put(user, _pieces(path), limit=limit)
    except OSError as error:
        raise errors.Invalid(f"Cannot read {path}: {error.strerror}.") from error
    media_type = mimetypes.guess_type(path.name)[0] or documents.ANY_TYPE
    request = AddDocument(name=path.name, size=kept.size, sha256=kept.sha256, media_type=media_type)
    document = await connection.call(documents.ADD, request, timeout=ADD_SECONDS)
    return await _placed(connection, document)


@asynccontextmanager
async def lent(connection: Connection, path: Path, *, limit: int) -> AsyncGenerator[str, None]:
    """Let services read a file for a while; yields its SHA-256. Invalid when it cannot be read."""
    files, user = connection.bus.objects(documents.FILES), connection.caller.user
    try:
        kept = await files.put(user, _pieces(path), limit=limit)
    except OSError as error:
        raise errors.Invalid(f"Cannot read {path}: {error.strerror}.") from error
    try:
        yield kept.sha256
    finally:
        if not kept.known:
            await files.let_go(user, kept.sha256)


async def download(connection: Connection, sha256: str, to: Path) -> int:
    """Fetch a file of the user's own into a new file; its size."""
    chunks = connection.bus.objects(documents.FILES).read(connection.caller.user, sha256)
    size = 0
    async with aclosing(chunks):
        first = await anext(chunks, b"")
        try:
            with to.open("xb") as file:
                size += file.write(first)
                async for chunk in chunks:
                    size += file.write(chunk)
        except FileExistsError as error:
            raise errors.Invalid(f"{to} is there already; say another place with --to.") from error
        except OSError as error:
            raise errors.Invalid(f"Cannot write {to}: {error.strerror}.") from error
    return size


async def _placed(connection: Connection, document: Document) -> Uploaded:
    if not connection.caller.conversation:
        return Uploaded(document=document)
    request = sandbox.Receive(document=document.document)
    try:
        received = await connection.call(sandbox.RECEIVE, request, timeout=BOX_SECONDS)
    except errors.Failure as failure:
        return Uploaded(document=document, note=f"It is kept, but is not in the box yet: {failure.message}")
    return Uploaded(document=document, path=received.path)


async def _pieces(path: Path) -> AsyncGenerator[bytes, None]:
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, CHUNK):
            yield piece
