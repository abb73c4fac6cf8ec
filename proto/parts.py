"""What a turn writes while it runs.

Offsets count characters; an attempt is one worker's try, and a reader drops what an earlier attempt wrote once it sees
a later one.
"""

from __future__ import annotations

import msgspec

from proto.base import Feed
from proto.exchange import Outcome, Spent, ToolUse
from proto.given import GivenCall


class Started(msgspec.Struct, frozen=True, kw_only=True, tag="started"):
    """A worker took the turn."""

    attempt: int
    model: str
    worker: str = ""
    """Which process: host and process id."""
    anew: bool = False
    """What an earlier attempt wrote after the last action is not gone on with, but written anew."""


class Paused(msgspec.Struct, frozen=True, kw_only=True, tag="paused"):
    """The worker gave the turn back, because it was told to stop; another one goes on."""

    attempt: int


class Text(msgspec.Struct, frozen=True, kw_only=True, tag="text"):
    """The next piece of the answer."""

    attempt: int
    offset: int
    text: str


class Thought(msgspec.Struct, frozen=True, kw_only=True, tag="thought"):
    """The next piece of what the model thinks before it answers."""

    attempt: int
    offset: int = 0
    """Characters that this attempt thought before."""
    text: str


class Measured(msgspec.Struct, frozen=True, kw_only=True, tag="measured"):
    """The model has been called once more: what that took."""

    attempt: int
    spent: Spent


class Calling(msgspec.Struct, frozen=True, kw_only=True, tag="calling"):
    """The model called an action; it runs now."""

    attempt: int
    tool: ToolUse


class Asking(msgspec.Struct, frozen=True, kw_only=True, tag="asking"):
    """A person must say whether the action may run; `calling` follows when it does."""

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
    cut: bool = False
    """Whether the model had no room to finish."""
    spent: Spent = Spent()
    model: str = ""
    handed: tuple[GivenCall, ...] = ()
    """Calls of the client's own tools, for the client to run."""
    prompt_tokens: int = 0
    """Of the last call of the model."""
    answer_tokens: int = 0
    """Of all calls."""


Part = Started | Paused | Text | Thought | Measured | Calling | Asking | Returned | Ended

PARTS = Feed[Part](
    "daimon.part.{user}.{conversation}.{turn}",
    "PARTS",
    (Started, Paused, Text, Thought, Measured, Calling, Asking, Returned, Ended),
)
