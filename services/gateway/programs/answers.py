"""One answer as a program reads it: asked for, then in order and each character once, over interruptions of the bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress

import msgspec

from proto import chat
from proto.base import Caller
from proto.chat import Ended, Part
from proto.errors import Failure, Unavailable
from services.runtime.bus import Bus, Interrupted

BUS_WAIT = 0.1
PATIENCE = 60.0
"""Seconds that the bus may be away in the middle of an answer."""
REWOUND = "The answer was begun anew by another worker and reads differently now. Ask again."


class Gap(Exception):
    """Something before this is missing; the log has it."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What came together."""

    text: str = ""
    thought: str = ""
    ended: Ended | None = None
    """The end of the answer; nothing follows."""


class Reading:
    """What has been read of one answer, and what of it was not handed on yet."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._attempt = 0
        self._text: list[str] = []
        self._thought: list[str] = []
        self._pondered = 0
        self._ended: Ended | None = None

    def take(self, part: Part) -> None:
        """Take the next part; raises Gap when one before it is missing, Failure when what was read is taken back."""
        if part.attempt < self._attempt or self._ended is not None:
            return
        self._attempt = part.attempt
        match part:
            case chat.Text():
                self._grow(part.offset, part.text)
            case chat.Thought():
                self._ponder(part.offset, part.text)
            case Ended():
                # A reader that came late may have missed pieces; the end has all of them.
                self._grow(0, part.answer)
                self._ended = part

    def catch_up(self, parts: Sequence[Part]) -> None:
        """Take what the log has; the end makes up for what it has lost."""
        for part in parts:
            with suppress(Gap):
                self.take(part)

    def step(self) -> Step:
        """Hand on what has come since the last time."""
        step = Step(text="".join(self._text), thought="".join(self._thought), ended=self._ended)
        self._text, self._thought = [], []
        return step

    def _ponder(self, offset: int, text: str) -> None:
        fresh = text[max(0, self._pondered - offset) :]
        self._thought.append(fresh)
        self._pondered = max(self._pondered, offset + len(text))

    def _grow(self, offset: int, text: str) -> None:
        if offset > self._length:
            raise Gap
        known = self._length - offset
        if known and "".join(self._pieces)[offset : offset + len(text)] != text[:known]:
            raise Failure(REWOUND)
        fresh = text[known:]
        if fresh:
            self._pieces.append(fresh)
            self._text.append(fresh)
            self._length += len(fresh)


async def answer(bus: Bus, caller: Caller, request: chat.Send) -> AsyncGenerator[Step, None]:
    """Ask, and yield what is written, together what came together. Raises Failure.

    The first step is empty: the log has the message now. The last one is the end.
    """
    reading, feed, turn = Reading(), bus.feed(chat.PARTS), ""
    while True:
        try:
            async with feed.follow(caller.user, request.conversation, patient=True) as live:
                if not turn:
                    turn = (await bus.call(chat.SEND, request, caller=caller)).turn
                else:
                    reading.catch_up(await feed.read(caller.user, request.conversation, turn))
                while True:
                    yield (step := reading.step())
                    if step.ended is not None:
                        return
                    first = await live.next()
                    for (_, _, of), part in (first, *live.waiting()):
                        if of == turn:
                            reading.take(part)
        except (Interrupted, Gap):
            await _reconnected(bus)


async def _reconnected(bus: Bus) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            # Also where only a piece is missing: whoever reads the log again at once reads the same.
            await asyncio.sleep(BUS_WAIT)
            while not bus.connected:  # noqa: ASYNC110 - the bus tells of its return only those who follow already
                await asyncio.sleep(BUS_WAIT)
    except TimeoutError as error:
        raise Unavailable("The bus went away in the middle of the answer; the conversation has it later.") from error
