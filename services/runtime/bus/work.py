"""Work: durable pull consumers on the log, where an unacknowledged event comes again."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec
from nats import errors as nats_errors
from nats.aio.msg import Msg

from proto import errors, events
from proto.base import token
from services.runtime.bus import wire
from services.runtime.bus.client import Client
from services.runtime.bus.journal import recorded
from services.runtime.bus.live import Following, Interrupted, Live

EXPIRES = 20.0
"""Seconds that the server keeps one request for work; afterwards, or after a reconnect, we ask again."""
GRACE = 5.0
_ACKNOWLEDGES = re.compile(rf"\$JS\.ACK\.{events.STREAM}\.\w+(\.\d+){{5}}")
SHORT = 9
"""Words of that address, where it names no domain and no account."""
PAUSE = 0.5
"""Seconds to wait when the server has no such consumer, or is not there yet."""


class Pull(msgspec.Struct, frozen=True, kw_only=True):
    """A request for work, in JetStream's own words."""

    batch: int
    expires: int
    """Nanoseconds."""


class Delivery:
    """One event to work on."""

    def __init__(self, message: Msg) -> None:
        self._message = message
        self.attempt, sequence = delivered(message.reply)
        self.recorded = recorded(sequence, message.data)
        """1 at the first delivery."""
        self.begun_by = (message.headers or {}).get(wire.BEGUN_BY, "")
        """The worker that began it when the event was recorded, empty when none did."""

    async def ack(self) -> None:
        """It is done, and everything before it where the consumer acknowledges all."""
        await self._say(Msg.Ack.Ack)

    async def still_working(self) -> None:
        """Give it more time before somebody else gets it."""
        await self._say(Msg.Ack.Progress)

    async def later(self, seconds: float) -> None:
        """Have it delivered again after a while."""
        await self._say(Msg.Ack.Nak + b" " + wire.encode({"delay": int(seconds * 1e9)}))

    async def pass_on(self, address: str) -> None:
        """Give it to the worker that listens at an address, to acknowledge in our place."""
        message = self._message
        try:
            # In a header, because the server lets nobody publish with a reply subject that acknowledges.
            found = {**(message.headers or {}), wire.ACKNOWLEDGES: message.reply}
            await message._client.publish(address, message.data, headers=found)  # noqa: SLF001
        except nats_errors.Error as error:
            raise errors.Unavailable("The bus cannot be reached.") from error

    async def _say(self, word: bytes) -> None:
        try:
            await self._message.respond(word)
        except nats_errors.Error as error:
            raise errors.Unavailable("The bus cannot be reached.") from error


class Batch:
    """Events that arrived together, in order, never empty."""

    def __init__(self, deliveries: list[Delivery]) -> None:
        self.deliveries = deliveries
        self.recorded = [delivery.recorded for delivery in deliveries]

    async def ack(self) -> None:
        """All of them are done."""
        await self.deliveries[-1].ack()


class Work:
    """A durable consumer, asked for work as this connection's share of it."""

    def __init__(self, client: Client, live: Live, durable: str) -> None:
        self._client = client
        self._live = live
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{events.STREAM}.{durable}"
        self._address = client.new_inbox()

    @property
    def name(self) -> str:
        """How other connections of the same service know this one."""
        return self._address.rpartition(".")[2]

    async def pass_on(self, delivery: Delivery) -> None:
        """Give a delivery to the worker that began it, so that it can keep and acknowledge it."""
        await delivery.pass_on(f"{self._address.rpartition('.')[0]}.{token(delivery.begun_by)}")

    async def passed_on(self) -> AsyncGenerator[Delivery, None]:
        """Yield what others give to us."""
        while True:
            async with self._live.follow(self._address, _passed_on) as given:
                with contextlib.suppress(Interrupted):
                    async for delivery in given:
                        if delivery is not None:
                            yield delivery

    async def each(self) -> AsyncGenerator[Delivery, None]:
        """Yield events one by one; the next is asked for when the caller comes back."""
        async for batch in self.batches(1):
            yield batch.deliveries[0]

    async def batches(self, size: int, *, gather: float = 0, ahead: int = 1) -> AsyncGenerator[Batch, None]:
        """Yield what is there, at most `size` together; `gather` seconds after the first of them came.

        So many batches are asked `ahead` at once, so that the next ones arrive while the caller works on one.
        """
        while True:
            async with self._asked(size * ahead) as replies:
                left = size * ahead
                while left > 0:
                    messages = await self._arrived(replies, min(size, left), gather)
                    deliveries = [Delivery(message) for message in messages if message.reply]
                    if deliveries:
                        yield Batch(deliveries)
                    left -= len(deliveries)
                    if len(deliveries) < len(messages) or not messages:
                        await asyncio.sleep(PAUSE if any(map(_refused, messages)) else 0)
                        break

    @asynccontextmanager
    async def _asked(self, size: int) -> AsyncGenerator[Following[Msg], None]:
        inbox = self._client.new_inbox()
        async with self._live.follow(inbox, lambda message: message) as replies:
            ask = Pull(batch=size, expires=int(EXPIRES * 1e9))
            await self._client.publish(self._subject, wire.encode(ask), reply=inbox)
            yield replies

    async def _arrived(self, replies: Following[Msg], limit: int, gather: float) -> list[Msg]:
        """Wait for one message and take those that came with it; empty when we must ask again."""
        try:
            async with asyncio.timeout(EXPIRES + GRACE):
                first = await replies.next()
        except (TimeoutError, Interrupted):
            return []
        if gather and replies.queue.qsize() < limit - 1:
            await asyncio.sleep(gather)
        return [first, *replies.waiting(limit - 1)]


def delivered(reply: str) -> tuple[int, int]:
    """Read how often an event was delivered, and its place in the log, off where JetStream wants the acknowledgement.

    nats-py reads everything that stands there, for each of thousands a second.
    """
    words = reply.split(".")
    first = 4 if len(words) == SHORT else 6
    return int(words[first]), int(words[first + 1])


def _passed_on(message: Msg) -> Delivery | None:
    """Read a delivery that another connection was given; None when it is not one, for any program may write to us."""
    acknowledges = (message.headers or {}).get(wire.ACKNOWLEDGES, "")
    if not _ACKNOWLEDGES.fullmatch(acknowledges):
        return None
    return Delivery(dataclasses.replace(message, reply=acknowledges))


def _refused(message: Msg) -> bool:
    """Whether this is a status other than "nothing came" and "time is up"."""
    return not message.reply and str((message.headers or {}).get("Status")) not in {"404", "408"}
