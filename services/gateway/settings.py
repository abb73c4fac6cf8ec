"""Settings of the gateway."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from proto.documents import SIZE_LIMIT


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the gateway can be told; read from `DAIMON_GATEWAY_<FIELD>`."""

    host: str = "127.0.0.1"
    """Address to listen on. Anything but loopback needs `origin` and TLS in front."""
    port: Annotated[int, Meta(ge=0, le=65535)] = 8400
    """Port to listen on; 0 takes a free one and logs it."""
    origin: str = ""
    """Where browsers find it when a proxy stands in front, such as `https://daimon.example.org`."""
    owner: str = "owner"
    """The account that a one-time link signs in when it names none."""
    link_minutes: Annotated[int, Meta(ge=1, le=7 * 24 * 60)] = 60
    """How long a one-time link can be used."""
    session_days: Annotated[int, Meta(ge=1, le=400)] = 30
    """How long a browser stays signed in."""
    answer_seconds: Annotated[float, Meta(gt=0)] = 300.0
    """How long an API request waits for an answer to be complete."""

    upload_bytes: Annotated[int, Meta(ge=1)] = SIZE_LIMIT
    """Bytes of one file that can be handed in."""

    metrics: Literal["owner", "loopback"] = "owner"
    """Who may read `/metrics`: an owner's API key, or anybody on this machine while `origin` is empty."""

    backups: str = ""
    """Where backups lie that are asked for on a page, as `daimon up` makes them; empty: at the command line only."""

    @property
    def secure(self) -> bool:
        """Whether browsers reach it by https, so that cookies may ask for that."""
        return self.origin.startswith("https://")
