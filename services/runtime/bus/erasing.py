"""Erasing from the streams: the one way in which something leaves them, overwritten where it lay on the disk.

A purge would only mark the messages as gone, so each is deleted by its place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
from nats import errors as nats_errors

from proto import errors, events
from proto.streams import FEEDS
from services.runtime.bus import wire
from services.runtime.bus.client import Client
from services.runtime.bus.live import Live
from services.runtime.bus.objects import Objects
from services.runtime.bus.stored import Stored

TIMEOUT = 10.0
TOGETHER = 32
PAGE = 500
"""Messages of a feed that are read at a time, to know their places."""
FEW = 8
"""The same of a file, whose pieces are large."""
NO_MESSAGE = 10043
"""JetStream's error code for a place without a message: it is gone already."""
BEFORE_THE_FIRST = "no message found"
"""How it describes the same of a place before the first that is left."""
_AWAY = "The log did not answer, so not everything is erased; do it again in a moment."


class Erase(msgspec.Struct, frozen=True, kw_only=True):
    """A request to delete one message; without `no_erase` it is overwritten with random bytes."""

    seq: int


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why JetStream did not."""

    err_code: int = 0
    description: str = "no reason given"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What JetStream says of it."""

    error: Refusal | None = None


class Eraser:
    """Erases over one connection; only memory may."""

    def __init__(self, client: Client, live: Live) -> None:
        self._client = client
        self._live = live

    async def events(self, sequences: Sequence[int]) -> None:
        """Erase places of the log; those that are empty already are no failure."""
        await self._places(events.STREAM, sequences)

    async def feeds(self, user: str, conversation: str = "") -> None:
        """Erase what turns and jobs have written piece by piece, in one conversation or in all."""
        names = (user, conversation) if conversation else (user,)
        for feed in FEEDS:
            await self._all(feed.stream, feed.under(*names), PAGE)

    async def file(self, files: Objects, owner: str, sha256: str) -> None:
        """Erase a file of an owner, its description last; one that is not there is no failure."""
        for subject in await files.subjects(owner, sha256):
            await self._all(files.stream, subject, FEW)

    async def _all(self, stream: str, subject: str, page: int) -> None:
        stored = Stored(self._client, self._live, stream)
        while found := await stored.read(subject, limit=page):
            await self._places(stream, [sequence for sequence, _ in found])

    async def _places(self, stream: str, sequences: Sequence[int]) -> None:
        subject = f"$JS.API.STREAM.MSG.DELETE.{stream}"
        for start in range(0, len(sequences), TOGETHER):
            some = sequences[start : start + TOGETHER]
            await asyncio.gather(*(self._erase(subject, sequence) for sequence in some))

    async def _erase(self, subject: str, sequence: int) -> None:
        payload = wire.encode(Erase(seq=sequence))
        try:
            answer = wire.decode((await self._client.ask(subject, payload, TIMEOUT)).data, Answer)
        except nats_errors.Error as error:
            raise errors.Unavailable(_AWAY) from error
        if answer.error and answer.error.err_code != NO_MESSAGE and answer.error.description != BEFORE_THE_FIRST:
            raise errors.Unavailable(f"The log refused to erase: {answer.error.description}.")
