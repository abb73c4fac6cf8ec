"""Conversations: sending, stopping, reading, the parts of a turn as it is written, and what happens in one."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from proto.base import Call, Feed
from proto.events import Happening

Mode = Literal["chat", "command"]
Outcome = Literal["done", "stopped", "failed"]
MESSAGE_LIMIT = 200_000
"""Characters in one message; a larger text belongs in a document."""
EXCERPT = 80
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\([^)\s]*\)")


class Send(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Say something in a conversation and ask for an answer."""

    conversation: Annotated[str, Meta(min_length=1, max_length=100)]
    text: Annotated[str, Meta(min_length=1, max_length=MESSAGE_LIMIT)]
    mode: Mode = "chat"


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """The message stands in the log; its answer is being written."""

    turn: str
    """The id of the turn, which is the id of the event that asked."""
    conversation: str


class Stop(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Stop the answer that is being written."""

    conversation: Annotated[str, Meta(min_length=1, max_length=100)]


class Stopped(msgspec.Struct, frozen=True, kw_only=True):
    """Whether there was something to stop."""

    turn: str = ""


class Read(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read a conversation as the log has it now."""

    conversation: Annotated[str, Meta(min_length=1, max_length=100)]


class ToolUse(msgspec.Struct, frozen=True, kw_only=True):
    """One call of an action within a turn, with its result once there is one."""

    call: str
    action: str
    arguments: str
    """JSON."""
    at: int = 0
    """How many characters of the answer stood before it."""
    ok: bool | None = None
    """None while it runs."""
    result: str = ""
    """JSON, or the sentence of the failure."""
    seconds: float = 0.0


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One turn as it reads: what was asked, what was done, what was answered."""

    turn: str
    time: datetime
    asked: str
    event: str = ""
    """The id of the event that ended it, for links."""
    mode: Mode = "chat"
    actor: str = "user"
    tools: tuple[ToolUse, ...] = ()
    answer: str = ""
    outcome: Outcome | None = None
    """None while the answer is being written."""
    error: str = ""
    """Why it failed, in a sentence."""
    model: str = ""
    steps: int = 0
    """How many times the model was called."""


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation as the log has it."""

    id: str
    title: str
    exchanges: tuple[Exchange, ...] = ()
    sequence: int = 0
    """The place in the log up to which this is true."""


# What a turn writes while it runs. Offsets count characters of the answer; an attempt is one worker's try,
# and a reader drops what an earlier attempt wrote once it sees a later one.


class Started(msgspec.Struct, frozen=True, kw_only=True, tag="started"):
    """A worker took the turn."""

    attempt: int
    model: str


class Text(msgspec.Struct, frozen=True, kw_only=True, tag="text"):
    """The next piece of the answer."""

    attempt: int
    offset: int
    text: str


class Thought(msgspec.Struct, frozen=True, kw_only=True, tag="thought"):
    """The next piece of what the model thinks before it answers."""

    attempt: int
    text: str


class Calling(msgspec.Struct, frozen=True, kw_only=True, tag="calling"):
    """The model called an action; it runs now."""

    attempt: int
    tool: ToolUse


class Returned(msgspec.Struct, frozen=True, kw_only=True, tag="returned"):
    """The action came back."""

    attempt: int
    tool: ToolUse


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """The turn is over; nothing follows. The answer is whole here, for readers that came late."""

    attempt: int
    outcome: Outcome
    error: str = ""
    answer: str = ""


Part = Started | Text | Thought | Calling | Returned | Ended


class Asked(Happening, frozen=True, kw_only=True):
    """A message came in and opened a turn."""

    kind: ClassVar[str] = "chat.asked"
    text: str
    mode: Mode = "chat"

    def sentence(self) -> str:
        verb = "Asked" if self.mode == "chat" else "Commanded"
        return f'{verb}: "{excerpt(self.text)}"'


class Halted(Happening, frozen=True, kw_only=True):
    """Somebody wants the turn to stop; its worker, or the next one, ends it."""

    kind: ClassVar[str] = "chat.halted"
    turn: str

    def sentence(self) -> str:
        return "Stopped the answer"


class Called(Happening, frozen=True, kw_only=True):
    """The model asked for an action."""

    kind: ClassVar[str] = "chat.called"
    turn: str
    call: str
    action: str
    arguments: str
    text: str = ""
    """The whole answer as far as it was written when the model called."""

    def sentence(self) -> str:
        return f"Called {self.action} {excerpt(self.arguments)}"


class CallEnded(Happening, frozen=True, kw_only=True):
    """An action came back to the model."""

    kind: ClassVar[str] = "chat.returned"
    turn: str
    call: str
    action: str
    ok: bool
    result: str
    seconds: float = 0.0

    def sentence(self) -> str:
        return f"{self.action} {'answered' if self.ok else 'failed'}: {excerpt(self.result)}"


class Answered(Happening, frozen=True, kw_only=True):
    """The turn is over, with what was written."""

    kind: ClassVar[str] = "chat.answered"
    turn: str
    text: str
    outcome: Outcome = "done"
    error: str = ""
    model: str = ""
    attempt: int = 1
    steps: int = 1
    prompt_tokens: int = 0
    answer_tokens: int = 0
    seconds: float = 0.0

    def sentence(self) -> str:
        if self.outcome == "failed":
            return f"Could not answer: {excerpt(self.error)}"
        return f'{"Answered" if self.outcome == "done" else "Answered in part"}: "{excerpt(unlinked(self.text))}"'


def excerpt(text: str) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text[: 2 * EXCERPT].split())
    return line if len(line) <= EXCERPT and len(text) <= 2 * EXCERPT else line[: EXCERPT - 1] + "…"


def unlinked(markdown: str) -> str:
    """Markdown with its links as the words they stand on."""
    return _LINK.sub(r"\1", markdown)


def title_of(text: str) -> str:
    """A conversation's title from its first words."""
    return excerpt(text).rstrip(".!?") or "New conversation"


SEND = Call("daimon.do.{user}.{actor}.chat.send", Send, Accepted)
STOP = Call("daimon.do.{user}.{actor}.chat.stop", Stop, Stopped)
READ = Call("daimon.do.{user}.{actor}.chat.read", Read, Conversation)
PARTS = Feed[Part](
    "daimon.part.{user}.{conversation}.{turn}", "PARTS", (Started, Text, Thought, Calling, Returned, Ended)
)
CALLS = (SEND, STOP, READ)
KINDS: tuple[type[Happening], ...] = (Asked, Halted, Called, CallEnded, Answered)
