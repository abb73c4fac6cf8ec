"""The home: one directory that holds everything a running Daimon owns, and the lock that keeps it to one run."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from daimon.up.errors import DiskFull, HomeError

ROOM = 100 * 1024 * 1024
"""Free bytes a start needs: a new database is about 60 MB."""
_SOCKET_PATH = 107
_LONGEST_SOCKET = len("/postgres/.s.PGSQL.5432")


class Home(msgspec.Struct, frozen=True, kw_only=True):
    """Where each thing lies inside the home."""

    path: Path

    @property
    def nats(self) -> Path:
        """JetStream's store and nats.conf."""
        return self.path / "nats"

    @property
    def postgres(self) -> Path:
        """Postgres's data directory."""
        return self.path / "postgres"

    @property
    def credentials(self) -> Path:
        """One file a service, which holds its password on the bus."""
        return self.path / "credentials"

    @property
    def boxes(self) -> Path:
        """The sandboxes' files."""
        return self.path / "boxes"

    @property
    def models(self) -> Path:
        """Model files."""
        return self.path / "models"

    @property
    def backups(self) -> Path:
        """Copies of the database from before its schema changed."""
        return self.path / "backups"

    @property
    def whole_backups(self) -> Path:
        """Backups that were asked for on a page."""
        return self.backups / "whole"

    @property
    def logs(self) -> Path:
        """One log a child."""
        return self.path / "logs"

    @property
    def run(self) -> Path:
        """What is only true while it runs."""
        return self.path / "run"

    @property
    def overrides(self) -> Path:
        """The owner's settings."""
        return self.path / "settings.toml"


def open_home(path: Path) -> Home:
    """Make what is missing of a home, private to its owner; raises HomeError or DiskFull."""
    home = Home(path=path.expanduser().absolute())
    try:
        home.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        _check_owner(home.path)
        for folder in (home.nats, home.credentials, home.boxes, home.models, home.logs, home.run):
            folder.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise _unusable(home.path, error) from error
    _check_room(home.path)
    return home


def find_home(path: Path) -> Home:
    """Return a home to look at, whether or not it is there; raises HomeError when it is closed to us."""
    home = Home(path=path.expanduser().absolute())
    try:
        home.logs.exists()
    except PermissionError:
        raise HomeError(f"{home.path} is closed to you; choose a directory of your own with --home DIR.") from None
    return home


def _check_owner(path: Path) -> None:
    owner = path.stat().st_uid
    if owner != os.geteuid():
        raise HomeError(f"{path} belongs to {_name(owner)}; choose a directory of your own with --home DIR.")
    if not os.access(path, os.W_OK):
        raise HomeError(f"{path} cannot be written; put that right, or choose another directory with --home DIR.")


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _unusable(path: Path, error: OSError) -> HomeError | DiskFull:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFull(f"The disk that holds {path} is full; make some room, or choose another with --home DIR.")
    return HomeError(f"{path} cannot be used ({error.strerror}); put that right, or choose another with --home DIR.")


def _check_room(path: Path) -> None:
    free = shutil.disk_usage(path).free
    if free < ROOM:
        raise DiskFull(
            f"The disk that holds {path} has {free >> 20} MB left, and a start needs {ROOM >> 20} MB; "
            "make some room, or choose another with --home DIR."
        )


def socket_directory(wanted: Path) -> Path:
    """Return a private directory for sockets: the wanted one, or a short one when its path is too long for them."""
    if len(os.fsencode(wanted)) + _LONGEST_SOCKET <= _SOCKET_PATH:
        return wanted
    mark = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"daimon-{os.geteuid()}-{mark}"
    short.mkdir(mode=0o700, exist_ok=True)
    found = short.lstat()
    # Anybody may write in the temporary directory, so what is found there may be a trap.
    if found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise HomeError(f"{short} is not a private directory of yours; remove it, or choose a shorter --home DIR.")
    return short


@contextmanager
def locked(home: Home) -> Iterator[bool]:
    """Hold the home's lock; yields False when another run holds it."""
    descriptor = os.open(home.run / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)
