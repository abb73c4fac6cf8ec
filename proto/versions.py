"""The versions of a conversation: asking again in another way, and choosing which of them is read and goes on."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from proto.base import Call
from proto.chat import MESSAGE_LIMIT, Accepted
from proto.events import Happening

ID_LIMIT = 100


class Revise(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask an earlier question again: in other words, for another answer, or for the rest of its answer."""

    conversation: Annotated[str, Meta(min_length=1, max_length=ID_LIMIT)]
    turn: Annotated[str, Meta(max_length=ID_LIMIT)] = ""
    """The turn to ask again; empty for the last one."""
    way: Literal["edit", "regenerate", "continue"]
    text: Annotated[str, Meta(max_length=MESSAGE_LIMIT)] = ""
    """The question in its new words, for an edit."""


class Select(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Choose the version of a turn that is read, and that the next message follows."""

    conversation: Annotated[str, Meta(min_length=1, max_length=ID_LIMIT)]
    turn: Annotated[str, Meta(min_length=1, max_length=ID_LIMIT)]
    end: bool = False
    """Whether the conversation ends there for now, so that the next message begins a branch."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Where the conversation ends now."""

    turn: str
    """The last turn along the chosen versions."""


class Selected(Happening, frozen=True, kw_only=True):
    """Somebody chose a version of a turn, or a place to branch off."""

    kind: ClassVar[str] = "chat.selected"
    turn: str
    end: bool = False

    def sentence(self) -> str:
        return "Began a branch of the conversation" if self.end else "Turned to another version of the conversation"


REVISE = Call("daimon.do.{user}.{actor}.chat.revise", Revise, Accepted)
SELECT = Call("daimon.do.{user}.{actor}.chat.select", Select, Selection)
CALLS = (REVISE, SELECT)
KINDS: tuple[type[Happening], ...] = (Selected,)
