"""Free ports on the loopback interface."""

from __future__ import annotations

import socket

from daimon.up.errors import PortTaken

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Say whether a server could listen there now."""
    return _refusal(port) is None


def _refusal(port: int) -> OSError | None:
    with socket.socket() as probe:
        # As servers do: connections of an earlier run that are still closing do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return error
        return None


def free(preferred: int = 0) -> int:
    """Return the preferred port if it is free, else any free one."""
    if preferred and is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def demand(port: int) -> int:
    """Return the port, or a free one for 0; raises PortTaken."""
    refusal = _refusal(port) if port else None
    if isinstance(refusal, PermissionError):
        raise PortTaken(
            f"Port {port} is not allowed to ordinary users; "
            "choose one above 1023 with --port N, or a free one with --port 0."
        )
    if refusal:
        raise PortTaken(
            f"Port {port} is in use by another program; choose one with --port N, or a free one with --port 0."
        )
    return free(port)
