"""How a conversation stands in its user's list: pinned, tagged, archived, deleted from it."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from proto.base import Call
from proto.events import Happening, Inverse

ID_LIMIT = 100
TAG_LIMIT = 30
TAGS = 10
Shelf = Literal["all", "open", "archived", "deleted"]
"""Which conversations a list shows; `open` is neither archived nor deleted."""
Id = Annotated[str, Meta(min_length=1, max_length=ID_LIMIT)]
Tag = Annotated[str, Meta(min_length=1, max_length=TAG_LIMIT)]


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """What its user made of a conversation."""

    pinned: bool = False
    archived: bool = False
    deleted: bool = False
    tags: tuple[str, ...] = ()

    @property
    def shelf(self) -> Shelf:
        """The list that it stands in."""
        return "deleted" if self.deleted else "archived" if self.archived else "open"


class Pin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keep a conversation at the top of the list, or let it sink again."""

    conversation: Id
    pinned: bool = True


class Archive(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Put a conversation away, or back into the list."""

    conversation: Id
    archived: bool = True


class Delete(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Take a conversation out of the list, or put it back; what was said stays in the log until it is forgotten."""

    conversation: Id
    deleted: bool = True


class Label(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Give a conversation these tags instead of those that it has."""

    conversation: Id
    tags: Annotated[tuple[Tag, ...], Meta(max_length=TAGS)] = ()


class Marked(msgspec.Struct, frozen=True, kw_only=True):
    """How the conversation stands now."""

    marks: Marks
    event: str = ""
    """The id of the event that made it so; empty when nothing changed."""


class Pinned(Happening, frozen=True, kw_only=True):
    """A conversation was pinned, or let go."""

    kind: ClassVar[str] = "conversation.pinned"
    conversation: str
    title: str
    pinned: bool

    def sentence(self) -> str:
        return f"{'Pinned' if self.pinned else 'Unpinned'} the conversation '{self.title}'"

    def inverse(self) -> Inverse:
        return _inverse("pin", PIN, Pin(conversation=self.conversation, pinned=not self.pinned))


class Archived(Happening, frozen=True, kw_only=True):
    """A conversation was put away, or taken back."""

    kind: ClassVar[str] = "conversation.archived"
    conversation: str
    title: str
    archived: bool

    def sentence(self) -> str:
        where = "Archived" if self.archived else "Took out of the archive"
        return f"{where} the conversation '{self.title}'"

    def inverse(self) -> Inverse:
        return _inverse("archive", ARCHIVE, Archive(conversation=self.conversation, archived=not self.archived))


class Deleted(Happening, frozen=True, kw_only=True):
    """A conversation left the list, or came back."""

    kind: ClassVar[str] = "conversation.deleted"
    conversation: str
    title: str
    deleted: bool

    def sentence(self) -> str:
        return f"{'Deleted' if self.deleted else 'Restored'} the conversation '{self.title}'"

    def inverse(self) -> Inverse:
        return _inverse("delete", DELETE, Delete(conversation=self.conversation, deleted=not self.deleted))


class Labelled(Happening, frozen=True, kw_only=True):
    """A conversation got other tags."""

    kind: ClassVar[str] = "conversation.labelled"
    conversation: str
    title: str
    before: tuple[str, ...]
    tags: tuple[str, ...]

    def sentence(self) -> str:
        if not self.tags:
            return f"Took the tags off the conversation '{self.title}'"
        return f"Tagged the conversation '{self.title}' with {', '.join(self.tags)}"

    def inverse(self) -> Inverse:
        return _inverse("tags", LABEL, Label(conversation=self.conversation, tags=self.before))


class Shelved(Happening, frozen=True, kw_only=True):
    """A conversation left the list, or came back, together with others of one import."""

    kind: ClassVar[str] = "conversation.shelved"
    conversation: str
    deleted: bool

    def sentence(self) -> str:
        where = "Took an imported conversation out of" if self.deleted else "Put an imported conversation back into"
        return f"{where} the list"


def marked(marks: Marks, what: Happening | None) -> Marks:
    """Return the marks after an event; the same ones where it is about something else."""
    match what:
        case Pinned(pinned=pinned):
            return replace(marks, pinned=pinned)
        case Archived(archived=archived):
            return replace(marks, archived=archived)
        case Deleted(deleted=deleted) | Shelved(deleted=deleted):
            return replace(marks, deleted=deleted)
        case Labelled(tags=tags):
            return replace(marks, tags=tags)
    return marks


def standing(happened: Iterable[Happening | None]) -> Marks:
    """Return the marks that these events make, in the order of the log."""
    return functools.reduce(marked, happened, Marks())


def _inverse(what: str, call: Call[Any, Any], request: Pin | Archive | Delete | Label) -> Inverse:
    return Inverse(call=call, request=request, thing=f"{what} of conversation {request.conversation}")


NOUN = "conversation"
PIN = Call("daimon.do.{user}.{actor}.conversation.pin", Pin, Marked)
ARCHIVE = Call("daimon.do.{user}.{actor}.conversation.archive", Archive, Marked)
DELETE = Call("daimon.do.{user}.{actor}.conversation.delete", Delete, Marked)
LABEL = Call("daimon.do.{user}.{actor}.conversation.label", Label, Marked)
CALLS = (PIN, ARCHIVE, DELETE, LABEL)
INVERSES = CALLS
KINDS: tuple[type[Happening], ...] = (Pinned, Archived, Deleted, Labelled, Shelved)
