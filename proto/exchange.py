"""One turn of a conversation as it reads, and the conversation that turns make."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Mode = Literal["chat", "command"]
Outcome = Literal["done", "stopped", "failed", "replaced"]
"""`replaced`: a newer message came while an action ran, and is answered instead."""
Way = Literal["new", "edit", "regenerate", "continue"]
"""How a question came to be: asked anew, or as another version of an earlier one."""


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
    question: str = ""
    """While a person must say whether it may run: what an answer names."""
    why: str = ""
    """Why a person is asked, in a sentence."""
    remark: str = ""
    """What the model says while it runs; gone when it comes back."""
    event: str = ""
    """The id of the event that recorded it, to which what it did leads back; empty until that is known."""


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn has taken so far, beside what it may take; 0 where it is not known."""

    steps: int = 0
    """How many times the model was called."""
    step_limit: int = 0
    seconds: float = 0.0
    time_limit: float = 0.0
    tokens: int = 0
    """Of the context that the latest call of the model filled, its answer included."""
    context: int = 0
    """Tokens that the model was given room for."""
    warning: str = ""
    """What the model did not see as a whole, in a sentence."""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One turn as it reads: what was asked, what was done, what was answered."""

    turn: str
    time: datetime
    asked: str
    event: str = ""
    """The id of the event that ended it, for links."""
    mode: Mode = "chat"
    actor: str = "user"
    parent: str = ""
    """The turn it follows, empty for one that begins the conversation."""
    way: Way = "new"
    versions: tuple[str, ...] = ()
    """All turns that follow the same one, this one among them, oldest first; empty where it is the only one."""
    tools: tuple[ToolUse, ...] = ()
    thought: str = ""
    """What the model thought before it answered, as far as it is kept."""
    answer: str = ""
    outcome: Outcome | None = None
    """None while the answer is being written."""
    cut: bool = False
    """Whether the model had no room to finish."""
    error: str = ""
    """Why it failed, in a sentence."""
    model: str = ""
    source: str = ""
    """The program that it was imported from; empty for what was said here."""
    summary: str = ""
    """What the model is told instead of the conversation up to here; empty when it is told all of it."""
    spent: Spent = Spent()
    worth: Literal["up", "down", "none"] = "none"
    """What its user found it worth."""

    @property
    def unfinished(self) -> bool:
        """Whether it can go on."""
        return self.cut or self.outcome in ("stopped", "failed")


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation as the log has it."""

    id: str
    title: str
    exchanges: tuple[Exchange, ...] = ()
    """Along the versions that are chosen, from the first to the last."""
    onward: tuple[str, ...] = ()
    """Turns that follow the last exchange but are not chosen, as after a branch."""
    earlier: int = 0
    """How many exchanges stand before these."""
    sequence: int = 0
    """The place in the log up to which this is true."""
