"""The list of conversations: title, time of the last message, how many exchanges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from proto import chat, imports, marks, titles
from proto.events import Happening
from proto.given import PREFIX
from services.memory.entries import Entry
from services.memory.store import Session, by_column

KINDS: tuple[type[Happening], ...] = (chat.Asked, chat.Answered, titles.Titled, *marks.KINDS)
_COLUMNS = ("user", "id", "title", "time", "exchanges")
_NAMED = ("user", "id", "title")
_MARKED = ("user", "id", "pinned", "archived", "deleted", "tags")


class ConversationChange(msgspec.Struct, frozen=True, kw_only=True):
    """What some events add to a conversation."""

    user: str
    id: str
    title: str
    """From the first thing that was asked; empty when nothing was."""
    time: datetime
    exchanges: int


class ConversationName(msgspec.Struct, frozen=True, kw_only=True):
    """A name that a conversation was given."""

    user: str
    id: str
    title: str


class ConversationMarks(msgspec.Struct, kw_only=True):
    """The marks of a conversation that some events changed; None for those that they left."""

    user: str
    id: str
    pinned: bool | None = None
    archived: bool | None = None
    deleted: bool | None = None
    tags: str | None = None
    """As lines."""


async def project(session: Session, entries: Sequence[Entry]) -> None:
    """Add these events to their conversations."""
    changes = gather(entries)
    if changes:
        await session.run("save_conversations", **by_column(changes, *_COLUMNS))
    names = named(entries)
    if names:
        await session.run("name_conversations", **by_column(names, *_NAMED))
    changed = marked(entries)
    if changed:
        await session.run("mark_conversations", **by_column(changed, *_MARKED))


def named(entries: Iterable[Entry]) -> list[ConversationName]:
    """The last name that each conversation was given."""
    found = {
        (entry.user, entry.conversation): ConversationName(
            user=entry.user, id=entry.conversation, title=entry.happening.title
        )
        for entry in entries
        if isinstance(entry.happening, titles.Titled)
    }
    return list(found.values())


def marked(entries: Iterable[Entry]) -> list[ConversationMarks]:
    """The marks that each conversation was given last."""
    found: dict[tuple[str, str], ConversationMarks] = {}
    for entry in entries:
        if isinstance(entry.happening, marks.KINDS):
            key = (entry.user, entry.conversation)
            _mark(found.setdefault(key, ConversationMarks(user=entry.user, id=entry.conversation)), entry.happening)
    return list(found.values())


def _mark(found: ConversationMarks, what: Happening) -> None:
    match what:
        case marks.Pinned(pinned=pinned):
            found.pinned = pinned
        case marks.Archived(archived=archived):
            found.archived = archived
        case marks.Deleted(deleted=deleted) | marks.Shelved(deleted=deleted):
            found.deleted = deleted
        case marks.Labelled(tags=tags):
            found.tags = "\n".join(tags)


def gather(entries: Iterable[Entry]) -> list[ConversationChange]:
    """Sum up the messages of each conversation."""
    found: dict[tuple[str, str], ConversationChange] = {}
    for entry in entries:
        listed = entry.conversation and not entry.conversation.startswith(PREFIX)
        if listed and isinstance(entry.happening, chat.Asked | chat.Answered):
            key = (entry.user, entry.conversation)
            found[key] = _added(found.get(key), entry)
    return list(found.values())


def _added(sofar: ConversationChange | None, entry: Entry) -> ConversationChange:
    asked = entry.happening if isinstance(entry.happening, chat.Asked) else None
    title = sofar.title if sofar else ""
    said = entry.happening.said if isinstance(entry.happening, imports.ELSEWHERE) else entry.time
    return ConversationChange(
        user=entry.user,
        id=entry.conversation,
        title=title or (chat.title_of(asked.text) if asked else ""),
        time=max(sofar.time, said) if sofar else said,
        exchanges=(sofar.exchanges if sofar else 0) + (asked is not None),
    )
