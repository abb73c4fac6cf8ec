"""A projection: what follows from the events of some kinds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from proto.events import Happening
from services.memory.entries import Entry
from services.memory.store import Session


@dataclass(frozen=True)
class Projection:
    """Writes what follows, where anything does."""

    kinds: tuple[type[Happening], ...]
    """What it looks at, with what is derived from these."""
    project: Callable[[Session, Sequence[Entry]], Awaitable[None]]

    async def write(self, session: Session, entries: Sequence[Entry]) -> None:
        """Write what follows from these events; a page without any of its kinds costs a look at its types."""
        if any(issubclass(kind, self.kinds) for kind in {type(entry.happening) for entry in entries}):
            await self.project(session, entries)
