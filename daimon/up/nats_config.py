"""The text of nats.conf: durable streams, loopback only, and for each user what it may say and hear."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from daimon.up.ports import LOOPBACK


class BusUser(msgspec.Struct, frozen=True, kw_only=True):
    """A program that may connect, and the subjects it may use."""

    name: str
    password: str
    publish: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()


class NatsPorts(msgspec.Struct, frozen=True, kw_only=True):
    """Where NATS listens, on the loopback interface."""

    client: int
    monitor: int
    websocket: int = 0
    """0: none."""

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"nats://{LOOPBACK}:{self.client}"

    @property
    def monitor_url(self) -> str:
        """Where the server tells of itself."""
        return f"http://{LOOPBACK}:{self.monitor}"


def config(ports: NatsPorts, store: Path, users: Sequence[BusUser], listen: str = LOOPBACK) -> bytes:
    """Return nats.conf; it is written as JSON, which NATS reads too."""
    content: dict[str, object] = {
        "server_name": "daimon",
        "listen": f"{listen}:{ports.client}",
        "http": f"{LOOPBACK}:{ports.monitor}",
        # What is acknowledged is on the disk, not in memory until the next of the default syncs, two minutes apart.
        "jetstream": {"store_dir": str(store), "sync_interval": "always"},
        "authorization": _authorization(users),
    }
    if ports.websocket:
        content["websocket"] = {"listen": f"{LOOPBACK}:{ports.websocket}", "no_tls": True}
    return msgspec.json.format(msgspec.json.encode(content))


def authorization(users: Sequence[BusUser]) -> bytes:
    """Return the block of nats.conf about who may connect, as a value of its own."""
    return msgspec.json.format(msgspec.json.encode(_authorization(users))) + b"\n"


def _authorization(users: Sequence[BusUser]) -> dict[str, object]:
    return {"users": [_user(user) for user in users]}


def _user(user: BusUser) -> dict[str, object]:
    # No `allow_responses`: it would let a program publish wherever the sender of a request asks for the reply.
    permissions = {"publish": _only(user.publish), "subscribe": _only(user.subscribe)}
    return {"user": user.name, "password": user.password, "permissions": permissions}


def _only(subjects: tuple[str, ...]) -> dict[str, list[str]]:
    # NATS takes an empty list of allowed subjects for "all".
    return {"allow": list(subjects)} if subjects else {"deny": [">"]}


def ports_in(content: bytes) -> NatsPorts:
    """Read back from a nats.conf of ours where it lets NATS listen; raises msgspec.DecodeError."""
    found = msgspec.json.decode(content, type=_Listening)
    return NatsPorts(client=_port(found.listen), monitor=_port(found.http), websocket=_port(found.websocket.listen))


class _WebSocket(msgspec.Struct, frozen=True, kw_only=True):
    listen: str = ":0"


class _Listening(msgspec.Struct, frozen=True, kw_only=True):
    listen: str
    http: str
    websocket: _WebSocket = _WebSocket()


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])
