"""Servers of the owner's own, named in settings.toml: then `up` starts none in their place."""

from __future__ import annotations

from pathlib import Path

import msgspec

from daimon.up.credentials import users
from daimon.up.files import write_private
from daimon.up.home import Home
from daimon.up.nats_config import authorization


class NatsElsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """A NATS that somebody else keeps running."""

    url: str
    monitor: str = ""
    """Nothing is known of it."""


class PostgresElsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """A Postgres that somebody else keeps running."""

    conninfo: str
    reader: str

    def conninfo_for(self, _: str) -> str:
        """Return how the role that runs people's SQL connects."""
        return self.reader


def users_file(home: Home) -> Path:
    """Return the file that says who may connect to a NATS elsewhere."""
    return home.nats / "users.conf"


def write_users(home: Home) -> None:
    """Write what that NATS has to include: a password and the rights of everybody who may connect."""
    write_private(users_file(home), b"authorization: " + authorization(users(home)))
