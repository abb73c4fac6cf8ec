"""The rows of nixos/units.nix, as they were evaluated into units.json; and whether this process is one of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

Value = bool | int | str | list[str]
Section = dict[str, Value]

FILE = Path(__file__).with_name("units.json")
_OWN = Path("/proc/self/cgroup")
_SLICE = "daimon.slice"


class Kind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the writer of units has to know of a service."""

    many: bool
    """Whether it may run several times on one machine."""
    reaches: tuple[str, ...]
    """What it speaks to that may be on another machine."""


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One unit."""

    unit: Section = msgspec.field(name="Unit", default_factory=dict)
    service: Section = msgspec.field(name="Service", default_factory=dict)
    slice: Section = msgspec.field(name="Slice", default_factory=dict)
    install: Section = msgspec.field(name="Install", default_factory=dict)
    environment: dict[str, str] = {}


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All there is to say of the units."""

    units: dict[str, Row]
    services: dict[str, Kind]
    users: dict[str, str]
    """Accounts the units need, and whose they are."""
    docker: Section
    """What the sandbox is given besides, when containers hold its boxes."""
    since: dict[str, Section]
    """What units that are started again are told from a version of systemd on."""


@cache
def table() -> Table:
    """Return the rows."""
    return msgspec.json.decode(FILE.read_bytes(), type=Table)


def runs_as_unit() -> bool:
    """Whether this process is in the slice of our units, so that systemd holds it to its row."""
    try:
        return _SLICE in _OWN.read_text()
    except OSError:
        return False


def unit_of(service: str, instance: int = 1) -> str:
    """Return the name of the unit that runs a service, beside others of it."""
    return f"daimon-{service}.service" if instance == 1 else f"daimon-{service}-{instance}.service"
