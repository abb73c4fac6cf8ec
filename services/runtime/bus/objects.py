"""Files on the bus: whole files in a JetStream object bucket, each under its owner and its SHA-256.

The bucket is laid out as every NATS client knows it, so `nats object get` reads it. Reading goes by direct get, so
neither reading nor writing needs a right to make consumers, and neither holds more than a few chunks.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing

import msgspec
from nats import errors as nats_errors

from proto import errors
from proto.base import token
from proto.documents import readable_size
from services.runtime.bus import wire
from services.runtime.bus.client import Client
from services.runtime.bus.journal import Acknowledged
from services.runtime.bus.live import Live
from services.runtime.bus.stored import Stored

CHUNK = 128 * 1024
PAGE = 8
"""Chunks that are read at a time."""
ACK_TIMEOUT = 10.0
_UNWRITABLE = "The file could not be kept, because the bus did not take it. Try again in a moment."
_DAMAGED = "The stored file is damaged: its bytes are not the ones that were put there. Upload it again."


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A file as the bucket has it."""

    sha256: str
    size: int
    known: bool = False
    """The bucket had these bytes of this owner before."""


class Info(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The description of an object, in the object store's own words."""

    name: str
    bucket: str
    nuid: str
    size: int = 0
    chunks: int = 0
    digest: str = ""
    deleted: bool = False


class Objects:
    """One bucket on one connection."""

    def __init__(self, client: Client, live: Live, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self.stream = f"OBJ_{bucket}"
        self._stored = Stored(client, live, self.stream)

    async def put(self, owner: str, pieces: AsyncIterable[bytes], *, limit: int) -> Kept:
        """Keep a file, however it is cut into pieces; TooLarge beyond `limit` bytes, and then nothing stays."""
        nuid = secrets.token_hex(16)
        try:
            digest, info = await self._write(owner, nuid, _within(pieces, limit))
            known = await self._announce(info)
        except BaseException:
            await self._drop(nuid)
            raise
        if known:
            await self._drop(nuid)
        return Kept(sha256=digest, size=info.size, known=known)

    async def find(self, owner: str, sha256: str) -> Kept | None:
        """Whether an owner has a file with these bytes."""
        found = await self._stored.last(self._info_subject(_name(owner, sha256)))
        info = _read(found[1]) if found else None
        return Kept(sha256=sha256, size=info.size, known=True) if info and not info.deleted else None

    async def let_go(self, owner: str, sha256: str) -> None:
        """Keep a file no longer; one that is not there is none."""
        subject = self._info_subject(_name(owner, sha256))
        if found := await self._stored.last(subject):
            info = _read(found[1])
            gone = Info(name=info.name, bucket=info.bucket, nuid=info.nuid, deleted=True)
            await self._publish(subject, wire.encode(gone), {"Nats-Rollup": "sub"})
            await self._drop(info.nuid)

    async def of(self, owner: str) -> tuple[str, ...]:
        """The SHA-256 of every file that an owner has."""
        kept = map(_read, (await self._stored.latest(f"$O.{self._bucket}.M.>")).values())
        begin = _name(owner, "")
        return tuple(info.name.removeprefix(begin) for info in kept if info.name.startswith(begin) and not info.deleted)

    async def subjects(self, owner: str, sha256: str) -> tuple[str, ...]:
        """Where the pieces of a file lie, and then its description; nowhere when it is not there."""
        subject = self._info_subject(_name(owner, sha256))
        found = await self._stored.last(subject)
        return (self._chunk_subject(_read(found[1]).nuid), subject) if found else ()

    async def read(self, owner: str, sha256: str) -> AsyncGenerator[bytes, None]:
        """Yield a file's bytes in order; Missing when the owner has none with these bytes.

        A file that is damaged ends with Unavailable, before its last chunk.
        """
        found = await self._stored.last(self._info_subject(_name(owner, sha256)))
        info = _read(found[1]) if found else None
        if info is None or info.deleted:
            raise errors.Missing("There is no such file.")
        digest, after, held, count = hashlib.sha256(), 0, b"", 0
        while count < info.chunks:
            page = await self._stored.read(self._chunk_subject(info.nuid), after=after, limit=PAGE)
            if not page:
                break
            after, count = page[-1][0], count + len(page)
            for _, chunk in page:
                digest.update(chunk)
                if held:
                    yield held
                held = chunk
        if digest.hexdigest() != sha256:
            raise errors.Unavailable(_DAMAGED)
        if held:
            yield held

    async def _write(self, owner: str, nuid: str, pieces: AsyncGenerator[bytes, None]) -> tuple[str, Info]:
        digest, size, count = hashlib.sha256(), 0, 0
        async with aclosing(pieces), aclosing(_chunks(pieces)) as chunks:
            async for chunk in chunks:
                digest.update(chunk)
                size, count = size + len(chunk), count + 1
                await self._publish(self._chunk_subject(nuid), chunk)
        name = _name(owner, digest.hexdigest())
        whole = _digest(digest.digest())
        info = Info(name=name, bucket=self._bucket, nuid=nuid, size=size, chunks=count, digest=whole)
        return digest.hexdigest(), info

    async def _announce(self, info: Info) -> bool:
        """Write the description of an object, or find that the owner has the same bytes already."""
        subject = self._info_subject(info.name)
        found = await self._stored.last(subject)
        if found and not _read(found[1]).deleted:
            return True
        expected = {"Nats-Rollup": "sub", "Nats-Expected-Last-Subject-Sequence": str(found[0] if found else 0)}
        try:
            await self._publish(subject, wire.encode(info), expected)
        except errors.Conflict:
            # Somebody was quicker with the same bytes.
            return True
        return False

    async def _drop(self, nuid: str) -> None:
        """Take the chunks of an object back: a roll-up leaves one empty message, and needs no right to purge."""
        if self._client.is_connected:
            await self._publish(self._chunk_subject(nuid), b"", {"Nats-Rollup": "sub"})

    async def _publish(self, subject: str, payload: bytes, headers: wire.Headers | None = None) -> None:
        try:
            answer = await self._client.ask(subject, payload, ACK_TIMEOUT, headers)
        except nats_errors.Error as error:
            raise errors.Unavailable(_UNWRITABLE) from error
        kept = wire.decode(answer.data, Acknowledged)
        if kept.wrong_sequence:
            raise errors.Conflict
        if kept.error is not None:
            raise errors.Unavailable(f"The file could not be kept: {kept.error.get('description', 'no reason given')}.")

    def _chunk_subject(self, nuid: str) -> str:
        return f"$O.{self._bucket}.C.{nuid}"

    def _info_subject(self, name: str) -> str:
        return f"$O.{self._bucket}.M.{base64.urlsafe_b64encode(name.encode()).decode()}"


async def _within(pieces: AsyncIterable[bytes], limit: int) -> AsyncGenerator[bytes, None]:
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > limit:
            raise errors.TooLarge(f"The file is larger than {readable_size(limit)}, the limit of one file.")
        yield piece


async def _chunks(pieces: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    """Cut anew, into chunks that are all of the same size but the last."""
    pending = bytearray()
    async for piece in pieces:
        pending += piece
        while len(pending) >= CHUNK:
            yield bytes(pending[:CHUNK])
            del pending[:CHUNK]
    if pending:
        yield bytes(pending)


def _name(owner: str, sha256: str) -> str:
    return f"{token(owner)}/{sha256}"


def _digest(raw: bytes) -> str:
    return f"SHA-256={base64.urlsafe_b64encode(raw).decode()}"


def _read(payload: bytes) -> Info:
    return wire.decode(payload, Info)
