"""Landlock: the kernel's way for a process to give up files, TCP ports, and signals to others, for good."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterable

CREATE, ADD, RESTRICT = 444, 445, 446
ABI_ASKED = 1
BENEATH, PORT = 1, 2

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = (1 << bit for bit in range(4))
MAKE_CHAR, MAKE_BLOCK = 1 << 6, 1 << 11
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
# How many rights over files each version knows, from the first on.
FILE_RIGHTS = (13, 14, 15, 15, 16)
BIND_TCP, CONNECT_TCP = 1, 2
TCP_FROM, SCOPES_FROM = 4, 6
ABSTRACT_SOCKETS, SIGNALS = 1, 2

READ = READ_FILE | READ_DIR
RUN = READ | EXECUTE
USE = READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEV | READ_DIR
ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV

_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """The version of Landlock that this kernel has; 0 when it has none, or does not let it be used."""
    try:
        return _call(CREATE, None, 0, ABI_ASKED)
    except OSError:
        return 0


def everything(abi: int) -> int:
    """Every right over files that this version can take away."""
    return (1 << FILE_RIGHTS[min(abi, len(FILE_RIGHTS)) - 1]) - 1


def own(abi: int) -> int:
    """What a box may do in its own folders: everything but make devices."""
    return everything(abi) & ~(MAKE_CHAR | MAKE_BLOCK)


class Rules:
    """What a process keeps; whatever is not named here it loses."""

    def __init__(self, abi: int) -> None:
        """`abi` is the version to use."""
        self._files = everything(abi)
        tcp = BIND_TCP | CONNECT_TCP if abi >= TCP_FROM else 0
        scopes = ABSTRACT_SOCKETS | SIGNALS if abi >= SCOPES_FROM else 0
        words = [self._files, tcp, scopes][: 1 + (abi >= TCP_FROM) + (abi >= SCOPES_FROM)]
        self._set = _call(CREATE, struct.pack(f"={len(words)}Q", *words), 8 * len(words), 0)

    def keep(self, rights: int, paths: Iterable[str]) -> None:
        """Keep these rights over files and everything below folders; what is not there is left out."""
        for path in paths:
            try:
                itself = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except OSError:
                continue
            kept = rights & self._files & (-1 if os.path.isdir(path) else ON_FILES)  # noqa: PTH112 - kept light
            try:
                _call(ADD, self._set, BENEATH, struct.pack("=Qi", kept, itself), 0)
            finally:
                os.close(itself)

    def keep_connecting(self, port: int) -> None:
        """Keep the right to connect to one TCP port."""
        _call(ADD, self._set, PORT, struct.pack("=QQ", CONNECT_TCP, port), 0)

    def restrict(self) -> None:
        """Take everything else from this process and all that it will start; no new privileges must be set."""
        _call(RESTRICT, self._set, 0)
        os.close(self._set)


def _call(number: int, *arguments: int | bytes | None) -> int:
    words = [ctypes.c_long(each) if isinstance(each, int) else ctypes.c_char_p(each) for each in arguments]
    done = _libc.syscall(ctypes.c_long(number), *words)
    if done < 0:
        raise OSError(ctypes.get_errno() or errno.EPERM, f"Landlock: {os.strerror(ctypes.get_errno())}")
    return int(done)
