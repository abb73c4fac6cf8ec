"""A unit as the text of its file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.runtime.units import Row, Section, Value

HEAD = "# Written by `daimon units`; write it anew rather than change it, or add a drop-in with `systemctl edit`.\n"


def text(row: Row) -> str:
    """Return the unit file."""
    sections = {
        "Unit": list(_lines(row.unit)),
        "Service": [*_lines(row.service), *_environment(row.environment)],
        "Slice": list(_lines(row.slice)),
        "Install": list(_lines(row.install)),
    }
    parts = ["\n".join([f"[{name}]", *lines, ""]) for name, lines in sections.items() if lines]
    return HEAD + "\n" + "\n".join(parts)


def sysusers(users: Mapping[str, str]) -> str:
    """Return what systemd-sysusers reads to make the accounts."""
    return "".join(f'u {name} - "{whose}" / -\n' for name, whose in users.items())


def _lines(section: Section) -> Iterator[str]:
    for key, value in section.items():
        yield from (f"{key}={each}" for each in _values(key, value))


def _values(key: str, value: Value) -> list[str]:
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, list):
        # Each line of a filter begins anew with or without a tilde; other lists are one line.
        return value if key == "SystemCallFilter" else [" ".join(value)]
    return [str(value)]


def _environment(variables: Mapping[str, str]) -> Iterator[str]:
    for name, value in variables.items():
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        yield f'Environment="{name}={escaped}"'
