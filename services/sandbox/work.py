"""A command that runs in a box, and what can be done to it meanwhile."""

from __future__ import annotations

import asyncio
import contextlib

from services.sandbox.agent.frames import DETACH, GRANT, INPUT, RESIZE, SIGNAL, STOP, fields
from services.sandbox.channel import Channel
from services.sandbox.output import Output, Ran


class Work:
    """A command under way."""

    def __init__(self, channel: Channel, number: int, output: Output, shell: contextlib.AsyncExitStack) -> None:
        """`shell` holds the box's own shell for as long as the command needs it."""
        self._channel = channel
        self._shell = shell
        self._granted = 0
        self.number = number
        self.output = output
        self.ran: asyncio.Task[Ran]
        """What it did, once it is over; to cancel this is to stop the command."""

    async def set_apart(self) -> None:
        """Let it go on by itself; the box's shell is free for others."""
        self._channel.send(DETACH, self.number)
        await self._shell.aclose()

    async def over(self, done: asyncio.Future[dict[str, str]]) -> None:
        """Let go of it; one that is not over is stopped."""
        self._channel.forget(self.number)
        if not done.done():
            self.stop()
        await self._shell.aclose()

    @property
    def behind(self) -> bool:
        """Whether the box takes less than is typed."""
        return self._channel.behind

    def input(self, text: bytes) -> None:
        """Type something; nothing at all is the end of its input."""
        self._channel.send(INPUT, self.number, text)

    def resize(self, rows: int, columns: int) -> None:
        """Change the size of its screen."""
        self._channel.send(RESIZE, self.number, fields(rows=str(rows), columns=str(columns)))

    def signal(self, signal: int) -> None:
        """Signal its processes."""
        self._channel.send(SIGNAL, self.number, str(signal).encode())

    def stop(self) -> None:
        """Ask it to end, and make it after a moment."""
        self._channel.send(STOP, self.number, fields(limit=""))

    def grant(self) -> None:
        """What has come of its screen is passed on, so more may come."""
        new, self._granted = self.output.seen - self._granted, self.output.seen
        if new:
            self._channel.send(GRANT, self.number, str(new).encode())
