"""Snapshots of streams: JetStream hands out a stream whole while it is written to, and takes it back the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from nats import errors as nats_errors
from nats.aio.msg import Msg

from proto import errors
from services.runtime.bus import wire
from services.runtime.bus.client import Client
from services.runtime.bus.live import Interrupted, Live

TIMEOUT = 30.0
CHUNK = 128 * 1024
DONE = "204"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a snapshot, in JetStream's own words."""

    deliver_subject: str
    chunk_size: int = CHUNK
    no_consumers: bool = False
    jsck: bool = True
    """Whether the messages are checked for damage first."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream is, beside its messages: all that is needed to take it back."""

    config: dict[str, Any]
    state: dict[str, Any]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What JetStream answers to the request for a snapshot, or to take one back."""

    config: dict[str, Any] = {}
    state: dict[str, Any] = {}
    deliver_subject: str = ""
    error: dict[str, Any] = {}


class Snapshots:
    """Saves and loads over one connection; only setup may."""

    def __init__(self, client: Client, live: Live) -> None:
        self._client = client
        self._live = live

    async def save(self, stream: str, write: Callable[[bytes], object]) -> Head:
        """Write a stream as it is now; Unavailable when it cannot be read whole."""
        inbox = self._client.new_inbox()
        try:
            async with self._live.follow(inbox, lambda message: message) as chunks:
                subject = f"$JS.API.STREAM.SNAPSHOT.{stream}"
                reply = await self._ask(subject, wire.encode(Request(deliver_subject=inbox)), stream)
                while chunk := await _data(chunks.next):
                    write(chunk.data)
                    if chunk.reply:
                        # The server sends on when it hears that we have it.
                        await chunk.respond(b"")
        except (Interrupted, nats_errors.Error) as error:
            raise errors.Unavailable(f"The bus went away while {stream} was saved; try again.") from error
        return Head(config=reply.config, state=reply.state)

    async def load(self, stream: str, head: Head, chunks: Iterable[bytes]) -> None:
        """Make a stream that is not there yet from what was saved."""
        begun = await self._ask(f"$JS.API.STREAM.RESTORE.{stream}", wire.encode(head), stream)
        for chunk in chunks:
            await self._ask(begun.deliver_subject, chunk, stream)
        await self._ask(begun.deliver_subject, b"", stream)

    async def _ask(self, subject: str, payload: bytes, stream: str) -> Reply:
        try:
            answer = await self._client.ask(subject, payload, TIMEOUT)
        except nats_errors.Error as error:
            raise errors.Unavailable(f"The bus did not answer about {stream}.") from error
        reply = wire.decode(answer.data, Reply)
        if reply.error:
            why = reply.error.get("description", "no reason given")
            raise errors.Unavailable(f"JetStream refused {stream}: {why}.")
        return reply


async def _data(following: Callable[[], Any]) -> Msg | None:
    """The next chunk; None at the end."""
    message: Msg = await following()
    status = str((message.headers or {}).get("Status", DONE))
    if status != DONE:
        raise nats_errors.Error(status)
    return message if message.data else None
