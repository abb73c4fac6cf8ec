"""The closed vocabulary of events: every kind, and how its data is read."""

from __future__ import annotations

import msgspec

from proto import (
    accounts,
    approvals,
    backups,
    boxes,
    chat,
    choices,
    documents,
    embedding,
    forgetting,
    imports,
    jobs,
    keys,
    marks,
    memory,
    models,
    retention,
    sandbox,
    seen,
    sorting,
    suggestions,
    tasks,
    titles,
    undo,
    versions,
)
from proto.events import Event, Happening

_NOUNS = (
    sorting,
    tasks,
    chat,
    sandbox,
    jobs,
    boxes,
    memory,
    documents,
    accounts,
    keys,
    versions,
    undo,
    seen,
    titles,
    marks,
    forgetting,
    approvals,
    choices,
    models,
    retention,
    suggestions,
    imports,
    embedding,
    backups,
)
KINDS: dict[str, type[Happening]] = {kind.kind: kind for noun in _NOUNS for kind in noun.KINDS}

_DECODERS = {name: msgspec.json.Decoder(kind) for name, kind in KINDS.items()}
CHANGING = tuple(name for name, kind in KINDS.items() if kind.inverse is not Happening.inverse)
"""The kinds that can be undone, where an event names what was before; `proto.lasting` says why the others cannot."""


def happening(event: Event) -> Happening | None:
    """Read an event's data; None for what this version does not know or cannot read."""
    decoder = _DECODERS.get(event.kind)
    try:
        return decoder.decode(event.data) if decoder else None
    except msgspec.MsgspecError:
        return None
