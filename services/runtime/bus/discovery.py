"""Discovery: which services run now, as they answer on the micro protocol's control subjects."""

from __future__ import annotations

import asyncio
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

Answer = TypeVar("Answer", bound=msgspec.Struct)


class EndpointInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint of a running service."""

    name: str
    subject: str
    metadata: dict[str, str] | None = None


class ServiceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One running instance of a service, ours or anyone's."""

    name: str
    id: str
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


class ServiceStats(msgspec.Struct, frozen=True, kw_only=True):
    """What one running instance of a service has done."""

    name: str
    id: str
    version: str = ""
    endpoints: tuple[EndpointStats, ...] | None = None


async def discover(client: Client, live: Live) -> list[ServiceInfo]:
    """Ask everybody who they are and what they offer."""
    return await _everybody(client, live, INFO, ServiceInfo)


async def stats(client: Client, live: Live) -> list[ServiceStats]:
    """Ask everybody what they have done."""
    return await _everybody(client, live, STATS, ServiceStats)


async def _everybody(client: Client, live: Live, subject: str, kind: type[Answer]) -> list[Answer]:
    """Ask, and collect the answers until they fall silent."""
    inbox = client.new_inbox()
    found: list[Answer] = []
    async with live.follow(inbox, lambda message: _read(message, kind)) as replies:
        await client.publish(subject, reply=inbox)
        patience = PATIENCE
        while True:
            try:
                async with asyncio.timeout(patience):
                    service = await replies.next()
            except (TimeoutError, Interrupted):
                return found
            if service is not None:
                found.append(service)
            patience = QUIET


def _read(message: Msg, kind: type[Answer]) -> Answer | None:
    """Read an answer; a program that answers in another form is left out."""
    try:
        return msgspec.json.decode(message.data, type=kind)
    except msgspec.DecodeError:
        return None
