"""Erasing from the streams: the one way in which something leaves the log, overwritten where it lay on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
from nats import errors as nats_errors

from proto import errors, events
from proto.streams import FEEDS
from services.runtime.bus import wire
from services.runtime.bus.client import Client

TIMEOUT = 10.0
TOGETHER = 32
NO_MESSAGE = 10043
"""JetStream's error code for a place without a message: it is gone already."""
_AWAY = "The log did not answer, so not everything is erased; do it again in a moment."


class Erase(msgspec.Struct, frozen=True, kw_only=True):
    """A request to delete one message; without `no_erase` it is overwritten with random bytes."""

    seq: int


class Purge(msgspec.Struct, frozen=True, kw_only=True):
    """A request to delete all messages of a subject filter."""

    filter: str


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why JetStream did not."""

    err_code: int = 0
    description: str = "no reason given"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What JetStream says of either."""

    error: Refusal | None = None


class Eraser:
    """Erases over one connection; only memory may."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def events(self, sequences: Sequence[int]) -> None:
        """Erase places of the log; those that are empty already are no failure."""
        subject = f"$JS.API.STREAM.MSG.DELETE.{events.STREAM}"
        for start in range(0, len(sequences), TOGETHER):
            some = sequences[start : start + TOGETHER]
            await asyncio.gather(*(self._ask(subject, Erase(seq=sequence)) for sequence in some))

    async def feeds(self, user: str, conversation: str = "") -> None:
        """Erase what turns and jobs have written piece by piece, in one conversation or in all."""
        names = (user, conversation) if conversation else (user,)
        for feed in FEEDS:
            await self._ask(f"$JS.API.STREAM.PURGE.{feed.stream}", Purge(filter=feed.under(*names)))

    async def _ask(self, subject: str, request: msgspec.Struct) -> None:
        try:
            answer = wire.decode((await self._client.ask(subject, wire.encode(request), TIMEOUT)).data, Answer)
        except nats_errors.Error as error:
            raise errors.Unavailable(_AWAY) from error
        if answer.error and answer.error.err_code != NO_MESSAGE:
            raise errors.Unavailable(f"The log refused to erase: {answer.error.description}.")
