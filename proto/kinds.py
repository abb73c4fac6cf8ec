"""The closed vocabulary of events: every kind, and how its data is read."""

from __future__ import annotations

import msgspec

from proto import accounts, chat, memory, sandbox, tasks
from proto.events import Event, Happening

KINDS: dict[str, type[Happening]] = {
    kind.kind: kind for noun in (tasks, chat, sandbox, memory, accounts) for kind in noun.KINDS
}


def happening(event: Event) -> Happening | None:
    """Read an event's data; None for a kind this version does not know."""
    kind = KINDS.get(event.kind)
    return msgspec.json.decode(event.data, type=kind) if kind else None
