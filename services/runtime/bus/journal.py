"""The event log: append with group commit and optimistic concurrency, read back straight from the stream."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec
from nats import errors as nats_errors

from proto import errors, events
from proto.events import Event, Recorded
from services.runtime.bus import wire
from services.runtime.bus.client import Client
from services.runtime.bus.live import Live
from services.runtime.bus.stored import Stored

BATCH_LIMIT = 1000
"""Messages in one atomic batch: the server's own limit."""
TOGETHER = 8
"""Events from which on a batch is faster than each alone: the server makes a store for every batch."""
ACK_TIMEOUT = 1.5
TRIES = 3
HEADER_ROOM = 2000
"""Bytes kept free for headers in a message of the largest size."""
PAUSED = "recording.paused"
UNREADABLE = "log.unreadable"
WRONG_SEQUENCE = 10071
"""JetStream's error code for an expectation that does not hold."""


class Expect(msgspec.Struct, frozen=True, kw_only=True):
    """The last event of a filter must still be the one at this place, or the append is a Conflict."""

    filter: str
    sequence: int
    """0 when there must be none."""


class Acknowledged(msgspec.Struct, frozen=True, kw_only=True):
    """What JetStream answers to a publish."""

    seq: int = 0
    duplicate: bool = False
    error: dict[str, object] | None = None

    @property
    def wrong_sequence(self) -> bool:
        """Whether an expectation did not hold."""
        return self.error is not None and self.error.get("err_code") == WRONG_SEQUENCE


class Repeated(Exception):
    """The same request has been recorded before, under the same idempotency key."""

    def __init__(self, recorded: Recorded) -> None:
        super().__init__(recorded.event.id)
        self.recorded = recorded


class Handed(msgspec.Struct, frozen=True, eq=False):
    """An event that was handed in and waits for its place."""

    event: Event
    payload: bytes
    done: asyncio.Future[int]


class Journal:
    """Appends to and reads from the log."""

    def __init__(self, client: Client, live: Live) -> None:
        self._client = client
        self._stored = Stored(client, live, events.STREAM)
        self._waiting: list[Handed] = []
        self._flusher: asyncio.Task[None] | None = None

    async def append(self, event: Event, *, expect: Expect | None = None, begun_by: str = "") -> int:
        """Record an event and return its place in the log, once it is on the disk.

        `begun_by` names the worker that has begun with it already; it goes with an expectation only.

        Concurrent appends without an expectation become one atomic batch. Raises Conflict when the expectation does
        not hold, Repeated when it does but the event's key was used before, TooLarge, and Unavailable when the log
        cannot be reached.
        """
        if not self._client.is_connected:
            raise errors.Unavailable("The event log cannot be reached, so nothing was done. Try again in a moment.")
        wire.checked(event.subject)
        payload = wire.encode(event)
        if len(payload) > self._client.max_payload - HEADER_ROOM:
            raise errors.TooLarge("That is too large to be recorded; the limit is 1 MB.")
        if expect is not None:
            return await self._publish(event, payload, expect, begun_by)
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(Handed(event, payload, done))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())
        return await done

    async def append_together(self, batch: Sequence[Event]) -> None:
        """Record up to `BATCH_LIMIT` events, all of them or none; Unavailable where the log does not take them."""
        waiting = asyncio.get_running_loop().create_future
        handed = [Handed(event, wire.encode(event), waiting()) for event in batch]
        for each in handed:
            wire.checked(each.event.subject)
        if not await self._commit_together(handed):
            raise errors.Unavailable("The event log did not take this, so nothing of it was recorded.")

    async def note(self, event: Event) -> int:
        """Record what Daimon can do without, unless its user paused that; return 0 where it was not recorded."""
        last = await self.last(events.of_noun("recording", event.user))
        return 0 if last and last.event.kind == PAUSED else await self.append(event)

    async def read(self, filter: str, *, after: int = 0, limit: int | None = None) -> list[Recorded]:  # noqa: A002
        """Read events of a filter in order, those after a place in the log."""
        found = await self._stored.read(filter, after=after, limit=limit)
        return [recorded(sequence, payload) for sequence, payload in found]

    async def since(self, filter: str, time: datetime, limit: int) -> list[Recorded]:  # noqa: A002
        """Read the first events of a filter that were recorded at a time or later."""
        return [recorded(*found) for found in await self._stored.since(filter, time, limit)]

    async def pick(self, sequences: Iterable[int]) -> list[Recorded]:
        """Read the events at some places; those that are gone are left out."""
        return [recorded(*found) for found in await self._stored.pick(sequences)]

    async def last(self, filter: str) -> Recorded | None:  # noqa: A002
        """Read the newest event of a filter."""
        found = await self._stored.last(filter)
        return recorded(*found) if found else None

    async def _flush(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH_LIMIT], self._waiting[BATCH_LIMIT:]
            try:
                await self._commit(batch)
            except errors.Failure as failure:
                for handed in batch:
                    _settle(handed.done, failure)

    async def _commit(self, batch: Sequence[Handed]) -> None:
        if len(batch) >= TOGETHER and await self._commit_together(batch):
            return
        single = (self._publish(handed.event, handed.payload) for handed in batch)
        results = await asyncio.gather(*single, return_exceptions=True)
        for handed, result in zip(batch, results, strict=True):
            _settle(handed.done, result)

    async def _commit_together(self, batch: Sequence[Handed]) -> bool:
        """Publish as one atomic batch; False when the server would not take it as such."""
        if not self._client.is_connected:
            return False
        name, last = secrets.token_hex(8), len(batch)
        *others, final = batch
        try:
            await self._client.publish_all(
                (handed.event.subject, _batched(handed.event, name, number), handed.payload)
                for number, handed in enumerate(others, start=1)
            )
        except nats_errors.Error:
            return False
        commit = _batched(final.event, name, last) | {"Nats-Batch-Commit": "1"}
        answer = await self._ask(final.event.subject, final.payload, commit)
        if answer is None or answer.error:
            return False
        for place, handed in enumerate(batch, start=answer.seq - last + 1):
            _settle(handed.done, place)
        return True

    async def _publish(self, event: Event, payload: bytes, expect: Expect | None = None, begun_by: str = "") -> int:
        """Publish one event; safe to repeat, because the server knows its id."""
        found = {"Nats-Msg-Id": event.message_id} | ({wire.BEGUN_BY: begun_by} if begun_by else {})
        if expect is not None:
            found["Nats-Expected-Last-Subject-Sequence"] = str(expect.sequence)
            found["Nats-Expected-Last-Subject-Sequence-Subject"] = expect.filter
        for attempt in range(TRIES):
            answer = await self._ask(event.subject, payload, found)
            if answer is None:
                continue
            try:
                return await self._place(event, answer)
            except errors.Conflict:
                # The expectation is checked before the id: a lost acknowledgement looks like somebody else's event.
                ours = await self._find(event, expect) if attempt and expect else 0
                if not ours:
                    raise
                return ours
        raise errors.Unavailable("The event log did not answer, so it is not certain that this was recorded.")

    async def _place(self, event: Event, answer: Acknowledged) -> int:
        sequence = _sequence(answer)
        if answer.duplicate and event.key:
            (stored,) = await self.read(events.ALL, after=sequence - 1, limit=1)
            if stored.event.id != event.id:
                raise Repeated(stored)
        return sequence

    async def _find(self, event: Event, expect: Expect) -> int:
        """The place of an event that may have been recorded after what was expected; 0 when it was not."""
        since = await self.read(expect.filter, after=expect.sequence)
        return next((each.sequence for each in since if each.event.id == event.id), 0)

    async def _ask(self, subject: str, payload: bytes, found: wire.Headers) -> Acknowledged | None:
        try:
            answer = await self._client.ask(subject, payload, ACK_TIMEOUT, found)
        except nats_errors.MaxPayloadError as error:
            raise errors.TooLarge("That is too large to be recorded; the limit is 1 MB.") from error
        except nats_errors.Error:
            return None
        return wire.decode(answer.data, Acknowledged)


def recorded(sequence: int, payload: bytes) -> Recorded:
    """An event as the log has it; one that cannot be read is kept in its place and says so."""
    try:
        return Recorded(sequence=sequence, event=wire.decode(payload, Event))
    except errors.Invalid as invalid:
        return Recorded(sequence=sequence, event=_unreadable(sequence, invalid))


def _unreadable(sequence: int, invalid: errors.Invalid) -> Event:
    return Event(
        id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{events.STREAM}/{sequence}")),
        time=datetime.fromtimestamp(0, UTC),
        user="",
        actor="system",
        kind=UNREADABLE,
        sentence=f"The event at place {sequence} of the log cannot be read: {invalid.message}",
        data=msgspec.Raw(b"{}"),
    )


def _batched(event: Event, name: str, number: int) -> wire.Headers:
    return {"Nats-Msg-Id": event.message_id, "Nats-Batch-Id": name, "Nats-Batch-Sequence": str(number)}


def _sequence(answer: Acknowledged) -> int:
    if answer.error is None:
        return answer.seq
    if answer.wrong_sequence:
        raise errors.Conflict
    raise errors.Unavailable(f"The event log refused this: {answer.error.get('description', 'no reason given')}.")


def _settle(done: asyncio.Future[int], result: int | BaseException) -> None:
    if done.done():
        return
    if isinstance(result, Repeated):
        # Who expects nothing wants it recorded, and it is.
        done.set_result(result.recorded.sequence)
    elif isinstance(result, BaseException):
        done.set_exception(result)
    else:
        done.set_result(result)
