"""Live subscriptions that say when the connection was away."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from nats import errors as nats_errors
from nats.aio.msg import Msg

from proto import errors
from services.runtime.bus.client import Client
from services.runtime.bus.wire import checked

T = TypeVar("T")


class Interrupted(Exception):
    """The connection was away, so messages may be missing; read the log again, then follow anew."""


class Following(Generic[T]):
    """What arrives on a subject, decoded; it waits here from the moment of subscribing."""

    def __init__(self, read: Callable[[Msg], T]) -> None:
        self._read = read
        self.queue: asyncio.Queue[Msg | None] = asyncio.Queue()

    async def next(self) -> T:
        """Wait for the next one; raises Interrupted after the connection was away."""
        message = await self.queue.get()
        if message is None:
            raise Interrupted
        return self._read(message)

    def waiting(self, limit: int = 1000) -> list[T]:
        """Take what has arrived already, without waiting."""
        found: list[T] = []
        while len(found) < limit and not self.queue.empty():
            message = self.queue.get_nowait()
            if message is None:
                self.queue.put_nowait(None)
                break
            found.append(self._read(message))
        return found

    async def __aiter__(self) -> AsyncGenerator[T, None]:
        while True:
            yield await self.next()


class Live:
    """The open subscriptions of one connection."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.leaving = False
        """Whether we close the connection ourselves."""
        self._queues: weakref.WeakSet[asyncio.Queue[Msg | None]] = weakref.WeakSet()

    def interrupt(self) -> None:
        """Tell every follower that it may have missed something."""
        for queue in self._queues:
            queue.put_nowait(None)

    @asynccontextmanager
    async def follow(
        self, subject: str, read: Callable[[Msg], T], *, patient: bool = False
    ) -> AsyncIterator[Following[T]]:
        """Subscribe for as long as the context lasts; see `Client.hand` for who is patient."""
        following = Following(read)
        try:
            subscription = await self._client.hand(checked(subject), following.queue.put_nowait, patient=patient)
        except nats_errors.Error as error:
            raise errors.Unavailable("The bus cannot be reached.") from error
        self._queues.add(following.queue)
        try:
            yield following
        finally:
            self._queues.discard(following.queue)
            if not (self._client.is_closed or self._client.is_draining):
                await subscription.unsubscribe()
