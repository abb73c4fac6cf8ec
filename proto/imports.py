"""Importing conversations: from Daimon's own exports, and from the files that other programs write."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from proto.base import Action, Call
from proto.chat import Answered, Asked
from proto.events import Happening, Inverse

FILE_LIMIT = 64_000_000
"""Bytes of a file; a larger one is imported in parts."""
CONVERSATIONS = 10_000
"""Of one file."""
Ids = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=100)], ...], Meta(max_length=CONVERSATIONS)]


class ImportFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Import the conversations of a file: an export of Daimon, ChatGPT, Open WebUI or LibreChat.

    What was imported before is recognised, and only what is new comes in.
    """

    file: Annotated[
        str, Meta(min_length=1, max_length=500, description="An uploaded document, by its name, its id or its SHA-256")
    ]
    name: Annotated[str, Meta(max_length=500, description="What to call it where it is no document")] = ""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What came in."""

    conversations: int
    """That are new, or have more than before."""
    messages: int
    known: int = 0
    """Conversations that were here already, as they are in the file."""
    source: str
    sentence: str
    event: str = ""


class Withdraw(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Take conversations out of the list together, or put them back."""

    conversations: Ids
    back: bool = False


class Withdrawn(msgspec.Struct, frozen=True, kw_only=True):
    """What it led to."""

    conversations: int
    event: str = ""


class AskedElsewhere(Asked, frozen=True, kw_only=True):
    """A question that was asked in another program, and imported."""

    kind: ClassVar[str] = "chat.enquired"
    source: str
    said: datetime
    """When it was asked there."""


class AnsweredElsewhere(Answered, frozen=True, kw_only=True):
    """An answer that was given in another program, and imported."""

    kind: ClassVar[str] = "chat.replied"
    source: str
    said: datetime


class FileImported(Happening, frozen=True, kw_only=True):
    """Conversations of a file were imported."""

    kind: ClassVar[str] = "conversation.imported"
    source: str
    name: str
    conversations: tuple[str, ...]
    """Those that are new."""
    messages: int

    def sentence(self) -> str:
        count = len(self.conversations)
        return f"Imported {count} conversation{'' if count == 1 else 's'} from {self.source} ('{self.name}')"

    def inverse(self) -> Inverse:
        return _together(self.conversations, back=False)


class ImportWithdrawn(Happening, frozen=True, kw_only=True):
    """Imported conversations left the list, or came back."""

    kind: ClassVar[str] = "conversation.withdrawn"
    conversations: tuple[str, ...]
    back: bool

    def sentence(self) -> str:
        count = len(self.conversations)
        what = f"{count} imported conversation{'' if count == 1 else 's'}"
        return f"Put {what} back into the list" if self.back else f"Took {what} out of the list"

    def inverse(self) -> Inverse:
        return _together(self.conversations, back=not self.back)


def _together(conversations: tuple[str, ...], *, back: bool) -> Inverse:
    first = conversations[0] if conversations else ""
    return Inverse(call=WITHDRAW, request=Withdraw(conversations=conversations, back=back), thing=f"import of {first}")


IMPORT = Action(
    "daimon.do.{user}.{actor}.conversation.import",
    ImportFile,
    Imported,
    phrasings=("import the conversations in {file}", "import my old chats from {file}"),
    inverse="undo.last",
    foreign=True,
)
WITHDRAW = Call("daimon.do.{user}.{actor}.conversation.withdraw", Withdraw, Withdrawn)
ACTIONS = (IMPORT,)
CALLS = (WITHDRAW,)
INVERSES = (WITHDRAW,)
ELSEWHERE = (AskedElsewhere, AnsweredElsewhere)
KINDS: tuple[type[Happening], ...] = (AskedElsewhere, AnsweredElsewhere, FileImported, ImportWithdrawn)
