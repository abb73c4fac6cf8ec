"""Reading a stream without a consumer: JetStream's direct get, one message or many."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime

import msgspec
from nats import errors as nats_errors
from nats.aio.msg import Msg

from proto import errors
from services.runtime.bus import wire
from services.runtime.bus.client import Client
from services.runtime.bus.live import Following, Interrupted, Live

PAGE = 1000
TIMEOUT = 5.0
_END = "204"
_NONE = "404"
_UNREADABLE = "The event log cannot be read right now. Try again in a moment."

Message = tuple[int, bytes]
"""Sequence and payload."""


class Ask(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A direct get request, in JetStream's own words."""

    seq: int = 0
    start_time: datetime | None = None
    batch: int = 0
    next_by_subj: str = ""
    last_by_subj: str = ""


class Stored:
    """What one stream has."""

    def __init__(self, client: Client, live: Live, stream: str) -> None:
        self._client = client
        self._live = live
        self._subject = f"$JS.API.DIRECT.GET.{stream}"

    async def last(self, subject: str) -> Message | None:
        """Return the newest message of a subject filter."""
        try:
            found = await self._client.ask(self._subject, wire.encode(Ask(last_by_subj=subject)), TIMEOUT)
        except nats_errors.Error as error:
            raise errors.Unavailable(_UNREADABLE) from error
        return None if _status(found) == _NONE else _message(found)

    async def pick(self, sequences: Iterable[int]) -> list[Message]:
        """Return the messages at some sequences; those that are gone are left out."""
        asked = (self._client.ask(self._subject, wire.encode(Ask(seq=each)), TIMEOUT) for each in sequences)
        try:
            found = await asyncio.gather(*asked)
        except nats_errors.Error as error:
            raise errors.Unavailable(_UNREADABLE) from error
        return [_message(each) for each in found if _status(each) != _NONE]

    async def since(self, subject: str, time: datetime, limit: int) -> list[Message]:
        """Return the first messages of a subject filter that were stored at a time or later."""
        page, _ = await self._page(Ask(start_time=time, batch=limit, next_by_subj=subject))
        return [_message(found) for found in page]

    async def read(self, subject: str, *, after: int = 0, limit: int | None = None) -> list[Message]:
        """Return messages of a subject filter in order, those after a sequence."""
        return [_message(found) for found in await self._read(subject, after, limit)]

    async def latest(self, subject: str) -> dict[str, bytes]:
        """Return the newest payload of each subject of a filter, of a stream that keeps one a subject."""
        return {str((found.headers or {})["Nats-Subject"]): found.data for found in await self._read(subject, 0, None)}

    async def _read(self, subject: str, after: int, limit: int | None) -> list[Msg]:
        found: list[Msg] = []
        while limit is None or len(found) < limit:
            size = PAGE if limit is None else min(PAGE, limit - len(found))
            page, pending = await self._page(Ask(seq=after + 1, batch=size, next_by_subj=subject))
            found += page
            if not page or not pending:
                break
            after = _message(page[-1])[0]
        return found

    async def _page(self, ask: Ask) -> tuple[list[Msg], int]:
        inbox = self._client.new_inbox()
        try:
            async with asyncio.timeout(TIMEOUT), self._live.follow(inbox, lambda message: message) as replies:
                await self._client.publish(self._subject, wire.encode(ask), reply=inbox)
                return await _collect(replies)
        except (TimeoutError, Interrupted, nats_errors.Error) as error:
            raise errors.Unavailable(_UNREADABLE) from error


async def _collect(replies: Following[Msg]) -> tuple[list[Msg], int]:
    found: list[Msg] = []
    async for message in replies:
        status = _status(message)
        if status == _NONE:
            break
        if status == _END:
            return found, int((message.headers or {}).get("Nats-Num-Pending", "0"))
        if status:
            raise nats_errors.Error(status)
        found.append(message)
    return found, 0


def _status(message: Msg) -> str:
    return str((message.headers or {}).get("Status", ""))


def _message(message: Msg) -> Message:
    return int((message.headers or {})["Nats-Sequence"]), message.data
