"""What a backend hands over when it has started the agent in a box."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from services.sandbox.limits import Limits


class Started(Protocol):
    """A running agent, and the way to end it and all of its box."""

    agent: int
    """The agent's pid as the machine sees it."""
    near: socket.socket
    """The service's end of the line to it."""
    listener: socket.socket
    """Where the box's programs ask for the way out."""
    kept: bool
    """It ran already, with its processes, and was only found again."""

    @property
    def ended(self) -> bool:
        """Whether the agent is gone, and all of the box with it."""
        ...

    def hits(self) -> dict[str, int]:
        """How often the kernel enforced a limit ('memory', 'pids') so far."""
        ...

    def last_words(self) -> str:
        """What the agent said of its trouble."""
        ...

    async def end(self) -> None:
        """Kill everything; returns when it is gone."""
        ...

    async def leave(self) -> None:
        """Let go of the box: it lives on for the next service, or ends where it cannot."""
        ...


Launch = Callable[[], Awaitable[Started]]


def first(ready: Started | None, launch: Launch) -> Launch:
    """Hand over what is ready, if anything is; from then on launch."""
    waiting = [ready] if ready is not None else []

    async def start() -> Started:
        return waiting.pop() if waiting else await launch()

    return start


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What a box stands on."""

    name: str
    launch: Launch
    limits: Limits
    memory_counted: bool
    """A control group holds the memory of all processes together."""
    processes_counted: bool
    """The kernel's own limit on processes counts those of this box alone."""
    note: str = ""
    """What the first command is told about the box, in a sentence."""
