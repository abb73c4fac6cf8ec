"""A box, a Linux of its own for one conversation: the interface, and what may go wrong.

SandboxError
├── NoSandboxError
├── BoxStartError
├── BoxClosedError
└── TooManyBoxesError
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Protocol

import msgspec

from services.sandbox.limits import Enforcement
from services.sandbox.output import OnOutput, Ran
from services.sandbox.reach import Reach
from services.sandbox.work import Work


class SandboxError(Exception):
    """The sandbox could not do this; the log says more."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or type(self).__doc__ or "")


class NoSandboxError(SandboxError):
    """Nothing on this machine can hold a box, so commands are not run; `daimon doctor` says what to do."""


class BoxStartError(SandboxError):
    """The box could not be started; `daimon doctor` says what is missing."""


class BoxClosedError(SandboxError):
    """This box was closed; ask for it again."""


class TooManyBoxesError(SandboxError):
    """All boxes are busy; try again when a command has ended."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be run, and how."""

    command: str
    timeout: float
    """Seconds after which it is stopped."""
    kind: Literal["", "job", "terminal"] = ""
    """In the box's own shell after those before it; beside it; or with a screen."""
    input: bool = False
    """Its input stays open."""
    rows: int = 24
    columns: int = 80


class Box(Protocol):
    """A running box; its shell keeps directory, variables and functions from one command to the next."""

    root: Path
    """The host's folder with the box's files: work (/home/box inside), data (/data) and return (/return).

    What lies below was written from inside the box: open nothing there through a symbolic link.
    """
    reach: Reach
    """What the box's network may be used for; may be set at any time."""

    @property
    def busy(self) -> bool:
        """Whether a command is running."""
        ...

    async def run(self, command: str, *, timeout: float, on_output: OnOutput | None = None) -> Ran:
        """Run one command, after those already asked for.

        `timeout` is in seconds; then the command is stopped, and the box goes on. Cancelling this stops the command.
        `on_output` gets the output as it comes. Raises BoxStartError when a dead box does not start again, and
        BoxClosedError.
        """
        ...

    async def begin(self, order: Order, on_output: OnOutput | None = None) -> Work:
        """Begin a command: in the box's own shell, after those already asked for there, or beside it."""
        ...

    async def full(self) -> str:
        """The limit on its files that is broken, in a few words, or ''."""
        ...

    async def look(self) -> None:
        """See whether the box keeps its limits while no command runs."""
        ...

    async def close(self) -> None:
        """End every process of the box; its files stay."""
        ...

    async def leave(self) -> None:
        """Let go of the box: where the backend can, it lives on for the next service."""
        ...


class Backend(Protocol):
    """A way to hold boxes on this machine."""

    name: str
    """What the setting calls it."""
    home: Path
    """Where the boxes' files are to lie."""
    hidden_not: tuple[str, ...] = ()
    """What of the machine its boxes can see, though they cannot change it."""
    shared: bool = False
    """Its boxes have no file system of their own: they know their folders by the machine's names."""

    async def check(self) -> str | None:
        """None when it works here; else a sentence with what to do."""
        ...

    async def open(self, root: Path) -> Box:
        """Start a box over the files in `root`; NoSandboxError or BoxStartError when it cannot be."""
        ...

    def limits_in_force(self) -> tuple[Enforcement, ...]:
        """What holds each limit on this machine."""
        ...

    async def left(self) -> list[Path]:
        """The roots of boxes that an earlier service left running, to be opened again."""
        return []

    @property
    def ready(self) -> int:
        """How many boxes are ready for conversations that have none."""
        return 0

    async def keep_ready(self) -> None:
        """Keep boxes ready for conversations to come, as many as are wanted, until cancelled."""
        return

    async def close(self) -> None:
        """Let go of everything but the boxes."""
        return
