"""Discovery: which services run now, as they answer on the micro protocol's control subjects."""

from __future__ import annotations

import asyncio

import msgspec
from nats.aio.msg import Msg

from services.runtime.bus.client import Client
from services.runtime.bus.live import Interrupted, Live

INFO = "$SRV.INFO"
PATIENCE = 0.5
"""Seconds to wait for the first answer."""
QUIET = 0.06
"""Seconds without another answer after which the roll is complete."""


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


async def discover(client: Client, live: Live) -> list[ServiceInfo]:
    """Ask everybody and collect the answers until they fall silent."""
    inbox = client.new_inbox()
    found: list[ServiceInfo] = []
    async with live.follow(inbox, _read) as replies:
        await client.publish(INFO, reply=inbox)
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


def _read(message: Msg) -> ServiceInfo | None:
    """Read an answer; a program that answers in another form is left out."""
    try:
        return msgspec.json.decode(message.data, type=ServiceInfo)
    except msgspec.DecodeError:
        return None
