"""An event as SQL keeps it: cleaned of what Postgres has no room for, with the text it is found by."""

from __future__ import annotations

import hashlib
import logging
import re
import uuid
from datetime import UTC, datetime

import msgspec

from proto import chat, memory, sandbox
from proto.events import Event, Happening, Recorded
from proto.kinds import KINDS, happening

BODY_LIMIT = 50_000
"""Characters that are indexed; beyond about 80,000 the word index of one text has no room."""
NAME_LIMIT = 500
REPLACEMENT = "\ufffd"
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_ESCAPED_NUL = b"\\u0000"
_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_UNREADABLE = msgspec.Raw(b'{"unreadable":true}')


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the log in SQL."""

    sequence: int
    id: str
    time: datetime
    user: str
    actor: str
    kind: str
    sentence: str
    body: str
    """What the event says beyond its sentence."""
    conversation: str
    cause: str
    data: str
    """JSON."""
    version: int
    text_hash: bytes
    happening: Happening | None
    """The typed data; None when this version cannot read it."""


def entry(recorded: Recorded) -> Entry:
    """Make the row of an event."""
    event = recorded.event
    data = bytes(event.data)
    if _ESCAPED_NUL in data:
        data = _NUL.sub(rb"\1\\ufffd", data)
        event = msgspec.structs.replace(event, data=msgspec.Raw(data))
    what = _typed(event)
    sentence, body = _clean(event.sentence), _clean(body_of(event, what))
    return Entry(
        sequence=recorded.sequence,
        id=identity(event.id),
        time=event.time if event.time.tzinfo else event.time.replace(tzinfo=UTC),
        user=_clean(event.user),
        actor=_clean(event.actor),
        kind=_clean(event.kind),
        sentence=sentence,
        body=body,
        conversation=_clean(event.conversation),
        cause=_clean(event.cause),
        data=data.decode(errors="replace"),
        version=event.version,
        text_hash=hash_of(f"{sentence}\n{body}"),
        happening=what,
    )


def bare(full: Entry) -> Entry:
    """Make the row of an event whose details Postgres does not take: that it happened stays, the log has the rest."""
    sentence = full.sentence[:NAME_LIMIT]
    names = {name: getattr(full, name)[:NAME_LIMIT] for name in ("user", "actor", "kind", "conversation", "cause")}
    return msgspec.structs.replace(
        full,
        **names,
        sentence=sentence,
        body="",
        data=bytes(_UNREADABLE).decode(),
        text_hash=hash_of(f"{sentence}\n"),
        happening=None,
    )


def body_of(event: Event, what: Happening | None) -> str:
    """Return what is worth finding in an event beyond its sentence; empty when the sentence says it all."""
    match what:
        case chat.Asked(text=text) | chat.Answered(text=text) | memory.Noted(text=text):
            body = text
        case sandbox.CommandRan(command=command, excerpt=excerpt):
            body = excerpt if command in event.sentence else f"{command}\n{excerpt}"
        case _:
            body = ""
    return "" if body in event.sentence else body[:BODY_LIMIT]


def hash_of(text: str) -> bytes:
    """Return the key under which a text has one vector."""
    return hashlib.sha256(text.encode()).digest()


def identity(name: str) -> str:
    """Return an event's id as a UUID; a program that made up another form gets one derived from it."""
    if _CANONICAL.fullmatch(name):
        return name
    try:
        return str(uuid.UUID(name))
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def _typed(event: Event) -> Happening | None:
    found = happening(event)
    if found is None and event.kind in KINDS:
        logging.getLogger("daimon.memory").warning(
            "event %s is not of its kind", event.id, extra={"action": "memory.unreadable"}
        )
    return found


def _clean(text: str) -> str:
    return text.replace("\0", REPLACEMENT)
