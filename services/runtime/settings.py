"""Settings: the only reader of the environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

PREFIX = "DAIMON"
_CREDENTIAL = "nats-password"

S = TypeVar("S", bound=msgspec.Struct)


class SettingsError(Exception):
    """A setting is wrong; the message names it and says what it takes."""


class BusSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to reach NATS."""

    url: str = "nats://127.0.0.1:4222"
    """Of a cluster, the addresses of its servers with commas between them."""
    user: str = ""
    """Defaults to the service's name when a password is given."""
    password_file: str = ""
    """A file that holds only the password; a systemd credential `nats-password` is found by itself."""

    def password(self) -> str:
        """Read the password; empty when there is none."""
        path = Path(self.password_file) if self.password_file else _credential()
        if path is None:
            return ""
        try:
            return path.read_text().strip()
        except OSError as error:
            raise SettingsError(f"Cannot read the NATS password in {path}: {error.strerror}") from error


def load(section: str, kind: type[S], environment: Mapping[str, str] | None = None) -> S:
    """Read `DAIMON_<SECTION>_<FIELD>` into a settings Struct; an unknown or wrong one raises SettingsError.

    A field that is a Struct itself is a group of settings, each of which is called `<FIELD>_<ITS FIELD>`.
    """
    prefix = f"{PREFIX}_{section.upper()}_"
    values = os.environ if environment is None else environment
    found = {key.removeprefix(prefix).lower(): value for key, value in values.items() if key.startswith(prefix)}
    known = names(kind)
    for name in found.keys() - set(known):
        raise SettingsError(f"{prefix}{name.upper()} is not a setting of {section}; it has {', '.join(known)}")
    try:
        return msgspec.convert(_grouped(found, known), kind, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"A setting of {section} is wrong: {error}") from error


def names(kind: type[msgspec.Struct]) -> dict[str, tuple[str, ...]]:
    """What each setting is called, and the way to it through its group, if it is in one."""
    found: dict[str, tuple[str, ...]] = {}
    for field in msgspec.structs.fields(kind):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            found |= {f"{field.name}_{name}": (field.name, *way) for name, way in names(field.type).items()}
        else:
            found[field.name] = (field.name,)
    return found


def _grouped(found: Mapping[str, str], known: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Values by their names, put where their settings lie."""
    values: dict[str, Any] = {}
    for name, value in found.items():
        *groups, last = known[name]
        place = values
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = value
    return values


def home_default() -> Path:
    """Where data lives unless said otherwise: `$DAIMON_HOME`, else the user's data directory."""
    chosen = os.environ.get(f"{PREFIX}_HOME")
    if chosen:
        return Path(chosen)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "daimon"


def colour_wanted() -> bool:
    """Whether a person at a terminal reads this and has not asked for plain text (no-color.org)."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


def cursor_moves() -> bool:
    """Whether the terminal can be told where to write."""
    return os.environ.get("TERM", "dumb") != "dumb"


def notify_socket() -> str:
    """Where the service manager wants to hear that we are ready; empty when nobody asks."""
    return os.environ.get("NOTIFY_SOCKET", "")


def vm_image() -> str:
    """The image of boxes that containers hold, by the name that tools of this kind agree on; empty when unset."""
    return os.environ.get("VM_IMAGE", "")


def watchdog_seconds() -> float:
    """How long the service manager waits for a sign of life before it starts us anew; 0 when it does not."""
    return int(os.environ.get("WATCHDOG_USEC", "0")) / 1e6


def log_level() -> str:
    """The level below which log lines are dropped."""
    return os.environ.get(f"{PREFIX}_LOG", "INFO").upper()


def _credential() -> Path | None:
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(directory) / _CREDENTIAL if directory else None
    return path if path is not None and path.exists() else None
