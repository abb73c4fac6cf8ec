"""What can go wrong while the stack starts; every message is a sentence that says what to do.

UpError
├── HomeError      the home cannot be used
├── DiskFull       there is too little room
├── PortTaken      somebody else listens there, or we may not
├── ChildFailed    NATS, Postgres or a service did not get ready
└── OverrideError  settings.toml is wrong
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from daimon.commands import CommandError
from proto.errors import Failure


class UpError(CommandError):
    """The stack cannot run."""


class HomeError(UpError):
    """The home cannot be used."""


class DiskFull(UpError):
    """There is too little room on the disk."""


class PortTaken(UpError):
    """Somebody else listens on the port, or we may not."""


class ChildFailed(UpError):
    """NATS, Postgres or a service did not get ready."""


class OverrideError(UpError):
    """The settings.toml in the home is wrong."""


@contextmanager
def only_failure() -> Iterator[None]:
    """Let what went wrong out of the group that a TaskGroup puts it in, as an UpError."""
    try:
        yield
    except BaseExceptionGroup as group:
        found = group.subgroup((UpError, Failure))
        if found is None:
            raise
        first = _first(found)
        raise UpError(first.message) if isinstance(first, Failure) else first from None


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
