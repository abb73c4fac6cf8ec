"""The record of a run, run/state.json: what was started and where, for `status`, `down`, clients, the next start."""

from __future__ import annotations

from typing import Literal

import msgspec

from daimon.up.files import write_private
from daimon.up.home import Home
from daimon.up.procfs import Running

Phase = Literal["starting", "ready", "waiting", "stopped", "failed"]
"""`waiting`: it has ended and is started again after its back-off."""


class ChildState(msgspec.Struct, frozen=True, kw_only=True):
    """How one child fares."""

    name: str
    phase: Phase
    restarts: int = 0
    run: Running | None = None


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What a run of `daimon up` has started."""

    up: Running
    """The supervisor itself."""
    address: str = ""
    """Where a browser finds it: `http://127.0.0.1:8400`."""
    ready: bool = False
    nats_url: str = ""
    nats_monitor: str = ""
    """NATS's monitoring address, `http://127.0.0.1:PORT`."""
    database: str = ""
    """How the memory service reaches Postgres, as a conninfo string."""
    children: dict[str, ChildState] = {}

    def is_running(self) -> bool:
        """Say whether the supervisor still runs."""
        return self.up.is_alive()


def read(home: Home) -> State | None:
    """Return the record of the latest run, whether or not it still goes on; None when there is none."""
    try:
        return msgspec.json.decode((home.run / "state.json").read_bytes(), type=State)
    except (FileNotFoundError, PermissionError, msgspec.DecodeError):
        return None


def read_running(home: Home) -> State | None:
    """Return the record of the run that goes on; None when nothing runs."""
    state = read(home)
    return state if state is not None and state.is_running() else None


def write(home: Home, state: State) -> None:
    """Replace the record at once, so that a reader never sees half of it."""
    write_private(home.run / "state.json", msgspec.json.format(msgspec.json.encode(state)), durable=False)
