"""Discovery: which services run now, as they answer on the micro protocol's control subjects."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TypeVar

import msgspec
from nats.aio.msg import Msg

from services.runtime.bus.client import Client
from services.runtime.bus.live import Interrupted, Live

INFO = "$SRV.INFO"
STATS = "$SRV.STATS"
PATIENCE = 0.5
"""Seconds to wait for the first answer."""
QUIET = 0.06
"""Seconds without another answer after which the roll is complete."""
BUSY = 0.3
"""The same while one that answered at the last look has not."""
PATIENT = 10
"""Looks after which one that does not answer any more is not waited for."""
NEWCOMERS = 0.03
"""Seconds that are waited for another where everybody who answered last time has."""


class EndpointInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint of a running service."""

    name: str
    subject: str
    metadata: dict[str, str] | None = None


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """One running instance of a service, ours or anyone's."""

    name: str
    id: str


class ServiceInfo(Service, frozen=True, kw_only=True):
    """Who it is and what it offers."""

    version: str = ""
    description: str | None = None
    endpoints: tuple[EndpointInfo, ...] | None = None


class EndpointStats(msgspec.Struct, frozen=True, kw_only=True):
    """What one endpoint has done since it started."""

    subject: str
    num_requests: int = 0
    num_errors: int = 0
    processing_time: int = 0
    """Nanoseconds, of all requests together."""


class ServiceStats(Service, frozen=True, kw_only=True):
    """What it has done."""

    version: str = ""
    endpoints: tuple[EndpointStats, ...] | None = None


Answer = TypeVar("Answer", bound=Service)


class Census:
    """Counts everybody on the bus, and remembers who answered."""

    def __init__(self, client: Client, live: Live) -> None:
        self._client = client
        self._live = live
        self._misses: dict[str, int] = {}
        """By instance, the last times that it was not heard."""

    async def discover(self) -> list[ServiceInfo]:
        """Ask everybody who they are and what they offer."""
        return await self._everybody(INFO, ServiceInfo)

    async def stats(self) -> list[ServiceStats]:
        """Ask everybody what they have done."""
        return await self._everybody(STATS, ServiceStats)

    async def _everybody(self, subject: str, kind: type[Answer]) -> list[Answer]:
        """Ask, and collect the answers until they fall silent."""
        inbox = self._client.new_inbox()
        found: list[Answer] = []
        async with self._live.follow(inbox, lambda message: _read(message, kind)) as replies:
            await self._client.publish(subject, reply=inbox)
            missing = set(self._misses)
            patience = PATIENCE
            while True:
                try:
                    async with asyncio.timeout(patience):
                        service = await replies.next()
                except (TimeoutError, Interrupted):
                    break
                if service is not None:
                    found.append(service)
                    missing.discard(service.id)
                patience = self._patience(missing)
        self._note(each.id for each in found)
        return found

    def _patience(self, missing: set[str]) -> float:
        if any(self._misses.get(instance) == 0 for instance in missing):
            return BUSY
        return QUIET if missing or not self._misses else NEWCOMERS

    def _note(self, heard: Iterable[str]) -> None:
        """One that is slow is waited for again; one that has ended is not for ever."""
        missed = {instance: misses + 1 for instance, misses in self._misses.items() if misses < PATIENT}
        self._misses = missed | dict.fromkeys(heard, 0)


def _read(message: Msg, kind: type[Answer]) -> Answer | None:
    """Read an answer; a program that answers in another form is left out."""
    try:
        return msgspec.json.decode(message.data, type=kind)
    except msgspec.DecodeError:
        return None
