"""Views of the list of conversations, and how it changes on a page that is open."""

from __future__ import annotations

import msgspec

from proto.marks import Marks, Shelf
from proto.memory import ConversationLine


class Lines(msgspec.Struct, frozen=True, kw_only=True):
    """The list of conversations, newest first."""

    pinned: tuple[ConversationLine, ...] = ()
    lines: tuple[ConversationLine, ...] = ()
    current: str = ""
    problem: str = ""
    """Why the list may not be complete, in a sentence."""
    more: str = ""
    """Where the next piece of it is found; empty at its end."""
    shelf: Shelf = "open"
    words: str = ""
    """What is looked for."""
    tag: str = ""
    full: bool = False
    """Whether each line comes with what can be done with it."""
    sequence: int = 0
    """The place in the log up to which it is true."""


class Listed(msgspec.Struct, frozen=True, kw_only=True, tag="listed"):
    """The list of conversations changed."""

    lines: Lines


class Further(msgspec.Struct, frozen=True, kw_only=True, tag="further"):
    """The next piece of the list."""

    lines: Lines


class Found(msgspec.Struct, frozen=True, kw_only=True, tag="found"):
    """What of the list matches what is looked for."""

    lines: Lines


class Lined(msgspec.Struct, frozen=True, kw_only=True, tag="lined"):
    """One line of the list changed, and stands at the top of its part now."""

    line: ConversationLine
    place: str
    """`pinned`, `open`, or empty when it left this list."""
    current: str = ""
    full: bool = False


class Stands(msgspec.Struct, frozen=True, kw_only=True, tag="stands"):
    """The open conversation stands otherwise in the list."""

    conversation: str
    marks: Marks


ListChange = Listed | Further | Found | Lined | Stands
