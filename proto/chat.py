"""Conversations: sending, stopping, reading, the parts of a turn as it is written, and what happens in one."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from proto.base import Call
from proto.events import Happening
from proto.exchange import Conversation, Exchange, Mode, Outcome, Spent, ToolUse, Way
from proto.given import Given, GivenCall
from proto.moments import AsOf
from proto.parts import PARTS, Asking, Calling, Ended, Measured, Part, Paused, Returned, Started, Text, Thought

__all__ = [
    "PARTS",
    "Asking",
    "Calling",
    "Conversation",
    "Ended",
    "Exchange",
    "Measured",
    "Mode",
    "Outcome",
    "Part",
    "Paused",
    "Returned",
    "Spent",
    "Started",
    "Text",
    "Thought",
    "ToolUse",
    "Way",
]
MESSAGE_LIMIT = 200_000
"""Characters in one message; a larger text belongs in a document."""
EXCERPT = 80
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\([^)\s]*\)")


class Send(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Say something in a conversation and ask for an answer."""

    conversation: Annotated[str, Meta(min_length=1, max_length=100)]
    text: Annotated[str, Meta(min_length=1, max_length=MESSAGE_LIMIT)]
    mode: Mode = "chat"
    given: Given | None = None
    """The conversation as the client has it; the model is sent this instead of what the log has."""


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
    """Read a conversation as the log has it now, or had it once."""

    conversation: Annotated[str, Meta(min_length=1, max_length=100)]
    as_of: AsOf = ""
    last: Annotated[int, Meta(ge=0)] = 0
    """Only so many of the last exchanges, and fewer where they are long; 0 for all."""
    upto: Annotated[str, Meta(max_length=100)] = ""
    """The turn that ends what is read; empty for the last."""


class Asked(Happening, frozen=True, kw_only=True):
    """A message came in and opened a turn."""

    kind: ClassVar[str] = "chat.asked"
    text: str
    mode: Mode = "chat"
    way: Way = "new"
    parent: str | None = None
    """The turn it follows, empty for the beginning; None for wherever the conversation ended."""
    of: str = ""
    """The turn that it is another version of."""
    replaces: str = ""
    """The open turn that it takes the place of, because that one only waited for an action."""
    given: Given | None = None
    """The conversation as the client has it, where the client keeps it."""

    def sentence(self) -> str:
        verb = {
            "new": "Asked" if self.mode == "chat" else "Commanded",
            "edit": "Asked in other words",
            "regenerate": "Asked again",
            "continue": "Asked to go on",
        }[self.way]
        return f'{verb}: "{excerpt(self.text)}"'


class CameLate(Happening, frozen=True, kw_only=True):
    """An action came back when its turn had been replaced by a newer message; the model is not told.

    Not a `chat` event, because it may come between those of a turn that is being written.
    """

    kind: ClassVar[str] = "late.returned"
    turn: str
    call: str
    action: str
    ok: bool
    result: str
    seconds: float = 0.0

    def sentence(self) -> str:
        return f"{self.action} {'answered' if self.ok else 'failed'} late: {excerpt(self.result)}"


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
    arguments: str = ""
    """What it ran with, where a person changed it."""

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
    step_limit: int = 0
    prompt_tokens: int = 0
    """Of the last call of the model."""
    answer_tokens: int = 0
    """Of all calls."""
    tokens: int = 0
    """Of the context that the last call filled."""
    context: int = 0
    """Tokens that the model was given room for."""
    warning: str = ""
    """What the model did not see as a whole."""
    seconds: float = 0.0
    time_limit: float = 0.0
    cut: bool = False
    """Whether the model had no room to finish."""
    thought: str = ""
    """What it thought, shortened where it is long."""
    handed: tuple[GivenCall, ...] = ()
    """Calls of the client's own tools, for the client to run."""
    instructions: dict[str, int] = msgspec.field(default_factory=dict)
    """Which versions of the instructions the model was given."""
    mode: Mode = "chat"
    """A command's end is told on every page that its user has open."""

    def sentence(self) -> str:
        if self.outcome == "failed":
            return f"Could not answer: {excerpt(self.error)}"
        if self.handed and not self.text:
            return f"Asked the client to run {', '.join(call.name for call in self.handed)}"
        return f'{"Answered" if self.outcome == "done" else "Answered in part"}: "{excerpt(unlinked(self.text))}"'

    def notice(self) -> str:
        """What whoever gave a command is told wherever they are; empty for an answer in a conversation."""
        if self.mode != "command":
            return ""
        if self.outcome == "failed":
            return f"That could not be done: {self.error}"
        return excerpt(unlinked(self.text)) or ("Done." if self.outcome == "done" else "That was stopped.")


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
CALLS = (SEND, STOP, READ)
KINDS: tuple[type[Happening], ...] = (Asked, Halted, Called, CallEnded, CameLate, Answered)
