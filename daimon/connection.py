"""Finding a running Daimon and joining its bus, for the commands and the Python client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from daimon.units import installed
from daimon.up import state
from daimon.up.home import Home
from proto import errors
from proto.base import Call, Caller
from services.runtime.bus import Bus
from services.runtime.settings import BusSettings, home_default, load

CLI = "cli"
"""The NATS user of the command line."""
TIMEOUT = 5.0
"""Seconds to wait for a reply."""
OWNER = "owner"
"""The account that the first sign-in makes."""
PATIENCE = 5.0
"""Seconds to wait for a bus that does not answer."""

Request = TypeVar("Request", bound=msgspec.Struct)
Reply = TypeVar("Reply", bound=msgspec.Struct)


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`DAIMON_NATS_*`: where the bus is, for a client on another machine or another program."""

    url: str = ""
    """Empty: the one that runs in the home."""
    user: str = ""
    """The NATS user; the one in the url when it is empty."""
    password_file: str = ""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a running Daimon is, and as whom we may join it."""

    bus: BusSettings
    gateway: str = ""
    """Address of the web page, empty when it is not known."""

    @property
    def actor(self) -> str:
        """In whose name things are done: the user's own, or another program's."""
        return "user" if self.bus.user == CLI else f"plugin-{self.bus.user}"


@dataclass(frozen=True)
class Connection:
    """The bus, joined on behalf of one user."""

    bus: Bus
    caller: Caller
    gateway: str

    async def call(self, call: Call[Request, Reply], request: Request, *, timeout: float = TIMEOUT) -> Reply:
        """Ask a service in the user's name."""
        return await self.bus.call(call, request, caller=self.caller, timeout=timeout)


def find(home: Path | None = None) -> Place:
    """Find the bus that the environment names, else the one that runs in the home; Unavailable when none does."""
    said = load("nats", Said)
    if said.url:
        user = said.user or urlsplit(said.url).username or CLI
        return Place(bus=BusSettings(url=said.url, user=user, password_file=said.password_file))
    path = (home or home_default()).expanduser().absolute()
    return _running(Home(path=path))


@asynccontextmanager
async def connect(home: Path | None, user: str, conversation: str = "") -> AsyncIterator[Connection]:
    """Join the bus of a running Daimon; Unavailable says how to start one."""
    place = find(home)
    caller = Caller(user=user, actor=place.actor, conversation=conversation)
    async with Bus.open(place.bus, CLI, patience=PATIENCE) as bus:
        yield Connection(bus=bus, caller=caller, gateway=place.gateway)


def _running(home: Home) -> Place:
    run = state.read_running(home)
    if run is None and (units := installed.read(home)):
        return Place(bus=_as_cli(home, units.nats_url), gateway=units.gateway)
    if run is None:
        raise errors.Unavailable(f"Daimon does not run in {home.path}; start it with `bin/daimon up`.")
    if not run.nats_url:
        raise errors.Unavailable("Daimon is still starting; try again in a moment.")
    return Place(bus=_as_cli(home, run.nats_url), gateway=run.address)


def _as_cli(home: Home, url: str) -> BusSettings:
    return BusSettings(url=url, user=CLI, password_file=str(home.credentials / CLI))
