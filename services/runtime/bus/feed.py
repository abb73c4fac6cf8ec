"""Feeds: append-only logs of typed items that are read back and followed live."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, Protocol, TypeVar

import msgspec
from nats import errors as nats_errors
from nats.aio.msg import Msg

from proto import errors
from proto.base import Feed
from services.runtime.bus import wire
from services.runtime.bus.client import Client
from services.runtime.bus.live import Following, Live
from services.runtime.bus.stored import Stored

Item = TypeVar("Item")
Taken_contra = TypeVar("Taken_contra", contravariant=True)
WINDOW, WIDER = 64, 8
"""Places of the stream that are looked through for the end of a log, and how many times more after that."""


class Append(Protocol[Taken_contra]):
    """Writes items at the end of one log, those that are given together in one go."""

    async def __call__(self, *items: Taken_contra) -> None:
        """Write them."""
        ...


class Log(Generic[Item]):
    """One kind of feed on one connection."""

    def __init__(self, client: Client, live: Live, feed: Feed[Item]) -> None:
        self._client = client
        self._live = live
        self._feed = feed
        self._stored = Stored(client, live, feed.stream)
        union: Any = functools.reduce(operator.or_, feed.items)
        self._decoder: msgspec.json.Decoder[Item] = wire.decoder(union)

    def at(self, *names: str) -> Append[Item]:
        """Return what writes to one log."""
        subject = wire.checked(self._feed.at(*names))

        async def append(*items: Item) -> None:
            await self._publish(items, subject)

        return append

    async def append(self, item: Item, *names: str) -> None:
        """Write an item at the end of a log; followers have it before it is on the disk."""
        await self._publish((item,), wire.checked(self._feed.at(*names)))

    async def _publish(self, items: Sequence[Item], subject: str) -> None:
        try:
            await self._client.publish_all((subject, {}, wire.encode(item)) for item in items)
        except nats_errors.MaxPayloadError as error:
            raise errors.TooLarge from error
        except nats_errors.Error as error:
            raise errors.Unavailable("The bus cannot be reached.") from error

    async def read(self, *names: str) -> list[Item]:
        """Everything a log has so far."""
        return [self._decoder.decode(payload) for _, payload in await self._stored.read(self._feed.at(*names))]

    async def begin(self, enough: Callable[[list[Item]], bool], *names: str) -> list[Item]:
        """The beginning of a log: what is enough, or all of it."""
        found: list[Item] = []
        after = 0
        while True:
            page = await self._stored.read(self._feed.at(*names), after=after, limit=WINDOW)
            found += [self._decoder.decode(payload) for _, payload in page]
            if len(page) < WINDOW or enough(found):
                return found
            after = page[-1][0]

    async def end(self, enough: Callable[[list[Item]], bool], *names: str) -> list[Item]:
        """The end of a log: what is enough, or all of it."""
        subject = self._feed.at(*names)
        last = await self._stored.last(subject)
        if last is None:
            return []
        window = WINDOW
        while True:
            after = max(0, last[0] - window)
            found = [self._decoder.decode(payload) for _, payload in await self._stored.read(subject, after=after)]
            if after == 0 or enough(found):
                return found
            window *= WIDER

    async def last(self, *names: str) -> Item | None:
        """The last of a log."""
        found = await self._stored.last(self._feed.at(*names))
        return None if found is None else self._decoder.decode(found[1])

    def follow(
        self, *names: str, patient: bool = False
    ) -> AbstractAsyncContextManager[Following[tuple[tuple[str, ...], Item]]]:
        """What is written from now on in the logs whose first names are these, each with its log's names.

        Enter the context before reading, and nothing is lost in between. Who is `patient` will hear what follows from
        the next request of this connection.
        """
        return self._live.follow(self._feed.under(*names), self._read_message, patient=patient)

    def _read_message(self, message: Msg) -> tuple[tuple[str, ...], Item]:
        return self._feed.names(message.subject), self._decoder.decode(message.data)
