"""What the units of this machine have left in their home, so that the commands find them."""

from __future__ import annotations

import msgspec

from daimon.up.files import write_private
from daimon.up.home import Home


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """Where the parts of a machine whose parts are units are found."""

    nats_url: str
    database: str
    """How the memory service, and root, reach Postgres, as a conninfo string."""
    gateway: str
    """Where a browser on this machine finds it."""
    store: str
    """JetStream's directory."""
    listen: str
    """Where the bus listens."""


def read(home: Home) -> Installed | None:
    """Return what a home of units says; None when it is none of them, or closed to us."""
    try:
        return msgspec.json.decode((home.path / "units.json").read_bytes(), type=Installed)
    except (FileNotFoundError, PermissionError, msgspec.DecodeError):
        return None


def write(home: Home, installed: Installed) -> None:
    """Say it."""
    write_private(home.path / "units.json", msgspec.json.format(msgspec.json.encode(installed)))
