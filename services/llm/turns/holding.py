"""A turn in the hands of this process: kept ours by heartbeats, then acknowledged or given back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from proto import errors
from proto.base import Caller
from proto.chat import Outcome
from proto.events import Event
from proto.streams import TURN_LEASE
from services.llm.conversations.thread import Thread
from services.runtime.bus import Delivery

HEARTBEAT = TURN_LEASE / 4
TASKS = 2
"""Tasks of a turn, the one begun by the other, until the model is asked; each begins in a new turn of the loop."""


class Held:
    """One turn that we write."""

    def __init__(self, event: Event, delivery: Delivery | None = None, foreseen: Thread | None = None) -> None:
        self.event = event
        self.caller = Caller(user=event.user, actor=event.actor, conversation=event.conversation)
        self.attempt = delivery.attempt if delivery else 1
        self.foreseen = foreseen
        """The conversation as it will be, where we began before the log had the message."""
        self.place: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """Where the message stands in the log; cancelled when it was refused."""
        self.writing: asyncio.Task[Outcome] | None = None
        self.stopped = False
        """Whether somebody wants it to stop."""
        self._delivery = delivery
        if delivery:
            self.place.set_result(delivery.recorded.sequence)

    @property
    def turn(self) -> str:
        """The id of the event that asked."""
        return self.event.id

    @property
    def recorded(self) -> bool:
        """Whether the log has the message."""
        return self.place.done() and not self.place.cancelled()

    async def asks(self) -> None:
        """Let the model be asked, unless something has to be waited for first."""
        for _ in range(TASKS):
            await asyncio.sleep(0)

    def give(self, delivery: Delivery) -> None:
        """Take the delivery of a turn that was begun without one; one that came before counts on."""
        self._delivery = self._delivery or delivery

    def stop(self) -> None:
        """Stop writing."""
        self.stopped = True
        self.let_go()

    def let_go(self) -> None:
        """Write no more, whatever the reason."""
        if self.writing is not None:
            self.writing.cancel()

    async def ack(self) -> None:
        """It is over; a delivery that has not come yet is acknowledged when it comes."""
        if self._delivery:
            await self._delivery.ack()

    async def later(self, seconds: float) -> None:
        """Let it be delivered again."""
        if self._delivery:
            await self._delivery.later(seconds)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Keep it ours for as long as we work on it."""

        async def beat() -> None:
            while True:
                await asyncio.sleep(HEARTBEAT)
                with contextlib.suppress(errors.Unavailable):
                    if self._delivery:
                        await self._delivery.still_working()

        beating = asyncio.create_task(beat())
        try:
            yield
        finally:
            beating.cancel()
