"""What systemd holds a service to, in words: read from the rows of which the units are written."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from services.runtime.units import Section, Value, table, unit_of

SYSTEMD = 252
"""The version whose figures these are."""
EXPOSURE = {"sandbox": 2.4}
USUAL = 1.1
"""As `systemd-analyze security` reckons each of the others, from 0 (safe) to 10."""
_SHOWN = ("Description", "ExecStart", "Environment", "LoadCredential")
"""What says how it runs, and not what it is held to."""


class Hardening(msgspec.Struct, frozen=True, kw_only=True):
    """What one unit is held to."""

    exposure: float
    words: tuple[str, ...]
    lines: tuple[str, ...]
    """As the unit's file has it."""


def hardening(service: str) -> Hardening | None:
    """What a service is held to as a unit; None for what is none."""
    row = table().units.get(unit_of(service))
    if row is None:
        return None
    section = row.service
    lines = tuple(f"{key}={_said(value)}" for key, value in sorted(section.items()) if key not in _SHOWN)
    return Hardening(exposure=EXPOSURE.get(service, USUAL), words=tuple(_words(section)), lines=lines)


def _words(section: Section) -> Iterator[str]:
    own = section.get("User") or "that exists only while it runs"
    yield f"runs under an account of its own ({own}), without root and without any capability"
    kept = _said(section.get("StateDirectory") or section.get("CacheDirectory") or "").replace("%N", "one of its own")
    yield f"sees no home directory, and writes {f'into no directory but {kept}' if kept else 'nothing to the disk'}"
    near = section["IPAddressAllow"] == "localhost"
    yield "reaches this machine alone" if near else "reaches public addresses too; what a box may, its proxy decides"
    free = section["RestrictNamespaces"] is not True
    yield "makes namespaces, of which it builds boxes" if free else "makes no namespaces"
    memory = section["MemoryMax"]
    much = "as much memory as its boxes are allowed" if memory == "infinity" else f"{memory} of memory"
    yield f"may take {much}, and {section['TasksMax']} threads"
    yield f"may make the system calls {_said(section['SystemCallFilter'])}"


def _said(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(value) if isinstance(value, list) else str(value)
