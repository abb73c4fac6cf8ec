"""Who may connect to the bus: a generated password for each service, and the owner's own programs."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from daimon.up.errors import HomeError
from daimon.up.files import write_private
from daimon.up.home import Home
from daimon.up.nats_config import BusUser
from proto import permissions


def password(home: Home, service: str) -> str:
    """Return the service's password; the first time, make it."""
    path = password_file(home, service)
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        made = secrets.token_urlsafe(32)
        write_private(path, made.encode())
        return made


def password_file(home: Home, service: str) -> Path:
    """Return the file that holds the service's password and nothing else."""
    return home.credentials / service


def programs(home: Home) -> list[BusUser]:
    """Return the programs of others that the owner lets in; raises HomeError."""
    path = home.credentials / "programs.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[BusUser])
    except FileNotFoundError:
        return []
    except msgspec.DecodeError as error:
        raise HomeError(f"{path} cannot be read ({error}); put it right or remove it.") from error


def add_program(home: Home, name: str, publish: Sequence[str], subscribe: Sequence[str]) -> BusUser:
    """Let a program in, with a new password, in place of one of the same name; raises HomeError."""
    if name in permissions.SERVICES:
        raise HomeError(f"`{name}` is a service of Daimon; give the program another name.")
    added = BusUser(name=name, password=secrets.token_urlsafe(32), publish=tuple(publish), subscribe=tuple(subscribe))
    _write(home, [*(known for known in programs(home) if known.name != name), added])
    return added


def remove_program(home: Home, name: str) -> bool:
    """Let a program in no more; say whether it was known."""
    known = programs(home)
    kept = [program for program in known if program.name != name]
    _write(home, kept)
    return len(kept) < len(known)


def remove_programs_of(home: Home, user: str) -> list[str]:
    """Let the programs that act for a user in no more; returns their names."""
    known = programs(home)
    gone = [program.name for program in known if permissions.acts_for(program.publish, user)]
    if gone:
        _write(home, (program for program in known if program.name not in gone))
    return gone


def _write(home: Home, known: Iterable[BusUser]) -> None:
    content = msgspec.json.format(msgspec.json.encode(list(known)))
    write_private(home.credentials / "programs.json", content)


def users(home: Home) -> list[BusUser]:
    """Return everybody who may connect."""
    services = []
    for name in permissions.SERVICES:
        allowed = permissions.of(name)
        user = BusUser(name=name, password=password(home, name), publish=allowed.publish, subscribe=allowed.subscribe)
        services.append(user)
    return [*services, *programs(home)]
