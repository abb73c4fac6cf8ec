"""What the model was sent, kept word for word for a while; and the summaries that make room in it."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from proto.base import Call, Feed
from proto.events import Happening

ID_LIMIT = 100


class SentCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call in a message of the model's."""

    action: str
    arguments: str
    """JSON."""


class SentMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message as the model was sent it."""

    role: str
    content: str = ""
    calls: tuple[SentCall, ...] = ()
    name: str = ""
    """The action whose result it is."""


class SentTool(msgspec.Struct, frozen=True, kw_only=True):
    """One action as it was offered to the model."""

    name: str
    description: str
    schema: msgspec.Raw


class Sent(msgspec.Struct, frozen=True, kw_only=True, tag="sent"):
    """What the model was sent in one step of a turn, as the difference to the step before."""

    attempt: int
    step: int
    model: str
    context: int
    """Tokens that it was given room for."""
    tokens: int = 0
    """Of the prompt, as the model's server counted them; 0 when it did not say."""
    same: int = 0
    """So many messages at the beginning are those of the step before."""
    messages: tuple[SentMessage, ...]
    """The messages after those."""
    tools: tuple[SentTool, ...] | None = None
    """None when they are those of the step before."""


class See(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask what the model was sent in a turn, word for word."""

    conversation: Annotated[str, Meta(min_length=1, max_length=ID_LIMIT)]
    turn: Annotated[str, Meta(max_length=ID_LIMIT)] = ""
    """Empty for the last one."""
    step: Annotated[int, Meta(ge=0)] = 0
    """Which call of the model, from 1; 0 for the last one."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the model was sent in one step of a turn, whole."""

    turn: str
    step: int
    steps: int
    """The number of the last step that is known."""
    model: str
    context: int
    tokens: int
    messages: tuple[SentMessage, ...]
    tools: tuple[SentTool, ...]


class Unfold(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Take a summary back: the model is told again what was said, word for word, as long as there is room."""

    conversation: Annotated[str, Meta(min_length=1, max_length=ID_LIMIT)]
    turn: Annotated[str, Meta(min_length=1, max_length=ID_LIMIT)]
    """The last turn that the summary stands for."""


class Unfolding(msgspec.Struct, frozen=True, kw_only=True):
    """The summary no longer counts."""

    turn: str


class Summarised(Happening, frozen=True, kw_only=True):
    """The oldest part of a conversation became a summary, because the model had no room for it."""

    kind: ClassVar[str] = "chat.summarised"
    turn: str
    """The turn that needed the room."""
    upto: str
    """The last turn that it stands for."""
    exchanges: int
    """How many exchanges it stands for."""
    text: str
    by: str
    """The model that wrote it; empty where it is made of the beginnings of what was said."""
    version: int | None = None
    """Under which version of the summary instruction it was written; None where no model wrote it."""

    def sentence(self) -> str:
        exchanges = "exchange" if self.exchanges == 1 else f"{self.exchanges} exchanges"
        how = "Summarised" if self.by else "Shortened to their beginnings"
        return f"{how} the first {exchanges} of the conversation, to make room"


class Unfolded(Happening, frozen=True, kw_only=True):
    """Somebody took a summary back."""

    kind: ClassVar[str] = "chat.unfolded"
    upto: str

    def sentence(self) -> str:
        return "Took back a summary of the conversation"


SEE = Call("daimon.do.{user}.{actor}.chat.see", See, Seen)
UNFOLD = Call("daimon.do.{user}.{actor}.chat.unfold", Unfold, Unfolding)
SENT = Feed[Sent]("daimon.sent.{user}.{conversation}.{turn}", "SENT", (Sent,))
CALLS = (SEE, UNFOLD)
KINDS: tuple[type[Happening], ...] = (Summarised, Unfolded)
