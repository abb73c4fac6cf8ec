"""The owner's settings.toml: one table a service, whose entries become that service's settings."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from daimon.up.errors import OverrideError

SERVERS = {"nats": ("url",), "postgres": ("database", "reader")}
"""Servers of the owner's own, and what has to be said of each."""

Overrides = Mapping[str, Mapping[str, str]]


def read(path: Path, services: Collection[str]) -> Overrides:
    """Read the settings of each service as text; raises OverrideError. No file is no settings."""
    try:
        tables = tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise OverrideError(f"{path} cannot be read: {error}.") from error
    for name in tables.keys() - {*services, *SERVERS}:
        raise OverrideError(
            f"{path} has settings of `{name}`, which is no service; it may have [{'], ['.join((*services, *SERVERS))}]."
        )
    found = {name: _texts(path, name, table) for name, table in tables.items()}
    for name in found.keys() & SERVERS.keys():
        if set(found[name]) != set(SERVERS[name]):
            raise OverrideError(f"{path}: [{name}] names a server of your own by {' and '.join(SERVERS[name])} alone.")
    return found


def _texts(path: Path, name: str, table: object) -> dict[str, str]:
    if not isinstance(table, dict):
        raise OverrideError(f"{path} has `{name} = …`, which must be a table: [{name}] and settings below it.")
    return dict(_fields(path, name, table))


def _fields(path: Path, name: str, table: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Each setting by its name; of a group, which is a table in a table, with the group's name in front."""
    for field, value in table.items():
        if isinstance(value, dict):
            yield from ((f"{field}_{each}", _text(path, f"{name}.{field}.{each}", one)) for each, one in value.items())
        else:
            yield field, _text(path, f"{name}.{field}", value)


def _text(path: Path, name: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise OverrideError(f"{path}: {name} must be a text, a number, true or false.")
