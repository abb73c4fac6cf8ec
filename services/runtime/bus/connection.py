"""One connection to the bus, with everything a service does on it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

import msgspec
from nats import errors as nats_errors
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError

from proto import errors
from proto.base import Call, Caller, Feed
from proto.events import STREAM, Event, heard
from proto.permissions import inbox_prefix
from proto.streams import Consumer
from services.runtime.bus import wire
from services.runtime.bus.client import Client
from services.runtime.bus.discovery import Census, ServiceInfo, ServiceStats
from services.runtime.bus.erasing import Eraser
from services.runtime.bus.feed import Log
from services.runtime.bus.journal import Journal, recorded
from services.runtime.bus.kv import Kv
from services.runtime.bus.live import Following, Live
from services.runtime.bus.objects import Objects
from services.runtime.bus.serving import Routes, Server
from services.runtime.bus.snapshots import Snapshots
from services.runtime.bus.stored import Stored
from services.runtime.bus.work import Work
from services.runtime.settings import BusSettings

TIMEOUT = 5.0
SYSTEM = Caller(user="", actor="system")
RECONNECT_WAIT = 0.1
PATIENCE = 15.0
"""Seconds to wait for a server that is still starting."""

Request = TypeVar("Request", bound=msgspec.Struct)
Reply = TypeVar("Reply", bound=msgspec.Struct)
Item = TypeVar("Item")


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """What a consumer has before it, in JetStream's own words."""

    num_pending: int = 0
    num_ack_pending: int = 0


class Bus:
    """The bus as one process sees it; made by `Bus.open`."""

    def __init__(self, client: Client, live: Live) -> None:
        self._client = client
        self._live = live
        self._servers: list[Server] = []
        self.journal = Journal(client, live)
        self._census = Census(client, live)
        self.eraser = Eraser(client, live)
        self.snapshots = Snapshots(client, live)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: BusSettings, name: str, *, patience: float = PATIENCE) -> AsyncIterator[Bus]:
        """Connect as one of the contract's users; waits for a server that still starts, and drains at the end."""
        client = Client()
        live = Live(client)
        bus = cls(client, live)
        try:
            await _connect(client, live, settings, name, patience)
            yield bus
        finally:
            await asyncio.shield(bus._close())

    @property
    def connected(self) -> bool:
        """Whether the server is there now."""
        return bool(self._client.is_connected)

    async def answers(self, timeout: float = TIMEOUT) -> bool:
        """Whether the server takes what we send and answers it now."""
        try:
            await self._client.flush(max(1, int(timeout)))
        except (OSError, nats_errors.Error):
            return False
        return True

    async def call(
        self, call: Call[Request, Reply], request: Request, *, caller: Caller = SYSTEM, timeout: float = TIMEOUT
    ) -> Reply:
        """Ask a service and wait for its reply; raises the Failure it answered with, Unavailable or TimedOut."""
        payload = await self.call_subject(call.at(caller), wire.encode(request), caller=caller, timeout=timeout)
        return wire.decode(payload, call.reply)

    async def call_subject(
        self, subject: str, payload: bytes, *, caller: Caller = SYSTEM, timeout: float = TIMEOUT
    ) -> bytes:
        """Ask whoever serves a concrete subject, as the menu names it."""
        if not self.connected:
            raise errors.Unavailable("The bus is not reachable, so nothing was done. Try again in a moment.")
        name = ".".join(subject.split(".")[-2:])
        try:
            reply = await self._client.ask(subject, payload, timeout, wire.headers(caller, timeout))
        except nats_errors.NoRespondersError as error:
            raise errors.Unavailable(f"Nothing answers {name} right now; `daimon status` shows what runs.") from error
        except nats_errors.TimeoutError as error:
            raise errors.TimedOut(f"{name} did not answer within {timeout:g} seconds.") from error
        except nats_errors.MaxPayloadError as error:
            raise errors.TooLarge("That is too large to send; the limit is 1 MB.") from error
        except nats_errors.Error as error:
            raise errors.Unavailable(f"The bus failed: {error}") from error
        failure = wire.failure(reply.headers)
        if failure is not None:
            raise failure
        return bytes(reply.data)

    async def serve(self, name: str, routes: Routes, *, description: str = "") -> None:
        """Answer calls from now on, beside everybody else who serves the same ones."""
        server = Server(self._client, name, description)
        self._servers.append(server)
        await server.start(routes)
        # nats-py sends the PING of a flush past what it has buffered; the second one comes behind the subscriptions.
        await self._client.flush()
        await self._client.flush()

    def follow(self, subject: str) -> AbstractAsyncContextManager[Following[Event]]:
        """Follow events of a filter of the log live, from the moment the context is entered; raises Interrupted."""
        return self._live.follow(heard(subject), _event)

    def feed(self, feed: Feed[Item]) -> Log[Item]:
        """Open a kind of feed."""
        return Log(self._client, self._live, feed)

    def work(self, durable: str) -> Work:
        """Take a share of a durable consumer's events."""
        return Work(self._client, self._live, durable)

    async def waiting(self, consumer: Consumer) -> int:
        """How many events of the log a durable consumer has not had acknowledged."""
        subject = f"$JS.API.CONSUMER.INFO.{STREAM}.{consumer.durable_name}"
        try:
            reply = await self._client.ask(subject, b"", TIMEOUT)
        except nats_errors.Error as error:
            raise errors.Unavailable("The queue cannot be measured now.") from error
        found = wire.decode(reply.data, Queue)
        return found.num_pending + found.num_ack_pending

    async def kv(self, bucket: str) -> Kv:
        """Open a key-value bucket."""
        try:
            found = await self._client.jetstream().key_value(bucket)
        except (NotFoundError, nats_errors.Error) as error:
            raise errors.Unavailable(f"The bucket {bucket} is not there; run `daimon up` again.") from error
        return Kv(bucket, found, Stored(self._client, self._live, f"KV_{bucket}"))

    def objects(self, bucket: str) -> Objects:
        """Open an object bucket."""
        return Objects(self._client, self._live, bucket)

    async def discover(self) -> list[ServiceInfo]:
        """Ask everybody on the bus who they are and what they offer."""
        return await self._census.discover()

    async def stats(self) -> list[ServiceStats]:
        """Ask everybody on the bus what they have done since they started."""
        return await self._census.stats()

    async def administer(self, subject: str, configuration: msgspec.Struct) -> dict[str, Any]:
        """Ask JetStream's own API; only the setup user may."""
        reply = await self._client.ask(subject, wire.encode(configuration), TIMEOUT)
        return msgspec.json.decode(reply.data, type=dict[str, Any])

    async def _close(self) -> None:
        self._live.leaving = True
        for server in self._servers:
            await server.stop()
        # A connection that breaks while it closes is closed all the same.
        with contextlib.suppress(OSError, nats_errors.Error):
            if self._client.is_connected:
                await self._client.drain()
            elif not self._client.is_closed:
                await self._client.close()


async def _connect(client: Client, live: Live, settings: BusSettings, name: str, patience: float) -> None:
    log = logging.getLogger(f"daimon.{name}")
    problems: set[str] = set()

    async def away() -> None:
        if not (client.is_closed or client.is_draining):
            log.warning("the bus is away", extra={"action": "bus.disconnected"})

    async def back() -> None:
        log.info("the bus is back", extra={"action": "bus.reconnected"})
        live.interrupt()

    async def lost() -> None:
        if not live.leaving:
            log.critical("the bus has shut us out; starting anew", extra={"action": "bus.closed"})
            signal.raise_signal(signal.SIGTERM)

    async def failed(error: Exception) -> None:
        problems.add(str(error))
        log.debug("%s", error, extra={"action": "bus.error"})

    user, password = settings.user or name, settings.password()
    try:
        async with asyncio.timeout(patience):
            await client.connect(
                settings.url.split(","),
                name=name,
                user=user if password else None,
                password=password or None,
                inbox_prefix=inbox_prefix(user),
                max_reconnect_attempts=-1,
                reconnect_time_wait=RECONNECT_WAIT,  # type: ignore[arg-type]
                disconnected_cb=away,
                reconnected_cb=back,
                closed_cb=lost,
                error_cb=failed,
            )
        _heed()
    except TimeoutError as error:
        # A server that refuses a password also cuts the connection; that it refuses is what helps.
        reason = max(problems, key=lambda problem: "uthorization" in problem, default="")
        where = settings.url.rpartition("@")[2].removeprefix("nats://")
        raise errors.Unavailable(f"No NATS server lets us in at {where}{reason and f' ({reason})'}.") from error


def _heed() -> None:
    """Be cancelled after all, by who cancelled us meanwhile.

    nats-py connects with `asyncio.wait_for`, which on Python 3.11 drops a cancellation that arrives together with what
    it waits for: a process that was told to stop in that moment would stay.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _event(message: Msg) -> Event:
    return recorded(0, message.data).event
