"""The names of conversations, and their export."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from proto.base import Action, Call
from proto.events import Happening, Inverse

ID_LIMIT = 100
TITLE_LIMIT = 100
Form = Literal["markdown", "json"]


class Rename(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Give a conversation another name."""

    conversation: Annotated[str, Meta(min_length=1, max_length=ID_LIMIT)]
    title: Annotated[str, Meta(min_length=1, max_length=TITLE_LIMIT)]


class Renamed(msgspec.Struct, frozen=True, kw_only=True):
    """What it is called now."""

    title: str


class Export(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Write a whole conversation down as a file: as Markdown to read, or as JSON with every version."""

    conversation: Annotated[str, Meta(max_length=ID_LIMIT, description="Its id; this conversation when empty")] = ""
    form: Form = "markdown"


class ExportPiece(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Write a whole conversation down, however long: a piece of it that a message carries."""

    conversation: Annotated[str, Meta(min_length=1, max_length=ID_LIMIT)]
    form: Form = "markdown"
    begin: Annotated[int, Meta(ge=0)] = 0
    """The character to begin at, where the piece before ended."""


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation as a file, or a piece of one that is too long for a message."""

    name: str
    """A file name made of its title."""
    media_type: str
    text: str
    length: int = 0
    """Characters of the whole file."""
    sequence: int = 0
    """The place in the log up to which it is true; pieces of the same place belong together."""


class Titled(Happening, frozen=True, kw_only=True):
    """A conversation got a name."""

    kind: ClassVar[str] = "chat.titled"
    title: str
    before: str = ""
    """What it was called when its user gave it another name; empty where it got its first."""
    version: int | None = None
    """Under which version of the title instruction the model made it; None where a person chose it."""

    def sentence(self) -> str:
        return f"Named the conversation '{self.title}'"

    def inverse(self) -> Inverse | None:
        if not self.before:
            return None
        return Inverse(call=RENAME, request=Rename(conversation="", title=self.before), thing="title", inside=True)


RENAME = Call("daimon.do.{user}.{actor}.chat.rename", Rename, Renamed)
EXPORT = Action(
    "daimon.do.{user}.{actor}.chat.export",
    Export,
    Exported,
    risk="read",
    phrasings=("export this conversation", "write this conversation down as a file"),
)
PIECE = Call("daimon.do.{user}.{actor}.chat.export_piece", ExportPiece, Exported)
CALLS = (RENAME, EXPORT, PIECE)
INVERSES = (RENAME,)
KINDS: tuple[type[Happening], ...] = (Titled,)
