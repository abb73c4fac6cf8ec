"""Becoming another user to run Postgres, which refuses root.

The home and the checkout of root are usually closed to everybody else, and opening them would weaken the machine.
So the other user keeps one capability of root's, to read and search files, and none of the rest.
"""

from __future__ import annotations

import ctypes
import functools
import os
import pwd
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from daimon.up.errors import UpError

_NAMES = ("daimon", "nobody")
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT, _RAISE = 47, 2
_CAPABILITY_VERSION_3 = 0x20080522
_SETGID, _SETUID = 6, 7
_READ_SEARCH, _OVERRIDE = 2, 1
_REFUSED = "Postgres refuses to run as root, and {reason}; start Daimon as an ordinary user."


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Whom Postgres runs as, and the capability that lets it reach its files."""

    name: str
    uid: int
    gid: int
    capability: int


def account_for(data: Path) -> Account | None:
    """Return whom Postgres shall run as, None for ourselves; an existing data directory keeps its owner."""
    if os.geteuid() != 0:
        return None
    entry = _owner(data) or _first_known()
    if not _is_mapped(entry.pw_uid):
        raise UpError(_REFUSED.format(reason="this container has no other users"))
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid, capability=_reach())


def _owner(data: Path) -> pwd.struct_passwd | None:
    with suppress(FileNotFoundError, KeyError):
        owner = data.stat().st_uid
        return pwd.getpwuid(owner) if owner else None
    return None


def _first_known() -> pwd.struct_passwd:
    for name in _NAMES:
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise UpError(_REFUSED.format(reason="there is no user `nobody` it could be"))


def _is_mapped(uid: int) -> bool:
    ranges = (list(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines())
    return any(first <= uid < first + count for first, _, count in ranges)


def _reach() -> int:
    held = _held()
    if not (held >> _SETUID & 1 and held >> _SETGID & 1):
        raise UpError(_REFUSED.format(reason="this root may not become another user"))
    return _READ_SEARCH if held >> _READ_SEARCH & 1 else _OVERRIDE


def _held() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("CapPrm:")).split()[1], 16)


@functools.cache
def c_library() -> ctypes.CDLL:
    """Return the C library; call it before a fork, since loading it after one is not safe."""
    return ctypes.CDLL(None, use_errno=True)


def becoming(account: Account) -> Callable[[], None]:
    """Return what a child calls between fork and exec to become the account."""
    library = c_library()
    mask = 1 << account.capability
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    sets = struct.pack("6I", mask, mask, mask, 0, 0, 0)

    def become() -> None:
        library.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
        os.setgroups([])
        os.setresgid(account.gid, account.gid, account.gid)
        os.setresuid(account.uid, account.uid, account.uid)
        if library.capset(header, sets) or library.prctl(_PR_CAP_AMBIENT, _RAISE, account.capability, 0, 0):
            os._exit(126)

    return become


def give(path: Path, account: Account | None) -> None:
    """Make the account the owner of a file or directory."""
    if account is not None:
        os.chown(path, account.uid, account.gid)
