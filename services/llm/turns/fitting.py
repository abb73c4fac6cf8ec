"""What is sent when there is little room: results are shortened, old exchanges folded, and nothing in silence."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from services.llm.models.model import Message
from services.llm.turns.turn import Known, messages, shortened

RESULTS = (8000, 3000)
"""Characters of a result, while older exchanges can still be folded …"""
SCARCE = (1000, 300)
"""… and when nothing else is left to make room."""
FOLDED_TO = 0.6
"""Share of the room that is filled after a folding, so that the next one is not due at once."""
SUMMARY = 2400
"""Characters of a summary."""
QUESTION = 400
"""Characters of a question that are always sent."""
CUT = (
    "The question is longer than the model's context, so its middle was left out. "
    "Choose a larger context (`num_ctx`), or put the text into a file."
)
FULL = "There was not room for everything: the model server may have left out the beginning. Choose a larger context."

Measure = Callable[[Sequence[Message]], int]
"""Estimates the tokens of messages."""


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """The messages for one step."""

    messages: tuple[Message, ...]
    fold: int = 0
    """So many of the oldest exchanges must become a summary before this can be sent."""
    warning: str = ""
    """What the model does not see as a whole."""


def fit(known: Known, room: int, measure: Measure) -> Fitted:
    """Choose what is sent within so many tokens."""
    for limit in RESULTS:
        if measure(told := messages(known, limit)) <= room:
            return Fitted(messages=told)
    kept_by_client = known.given is not None and known.given.messages
    if kept_by_client:
        return Fitted(messages=told, warning=FULL)
    if known.earlier and known.asked.mode == "chat":
        return Fitted(messages=told, fold=_fold(known, room, measure))
    return _squeezed(known, room, measure)


def _fold(known: Known, room: int, measure: Measure) -> int:
    """How many of the oldest exchanges to fold, so that there is room for some more."""
    summarised = replace(known, summary="x" * SUMMARY)
    for count in range(1, len(known.earlier)):
        if measure(messages(replace(summarised, earlier=known.earlier[count:]), RESULTS[-1])) <= room * FOLDED_TO:
            return count
    return len(known.earlier)


def _squeezed(known: Known, room: int, measure: Measure) -> Fitted:
    """Shorten what this very turn holds."""
    for limit in SCARCE:
        if measure(told := messages(known, limit)) <= room:
            return Fitted(messages=told)
    bare = replace(known, memories=(), around=type(known.around)())
    length = len(known.asked.asked)
    while length > QUESTION:
        length = max(QUESTION, length * 3 // 4)
        asked = replace(known.asked, asked=shortened(known.asked.asked, length))
        if measure(told := messages(replace(bare, asked=asked), SCARCE[-1])) <= room:
            return Fitted(messages=told, warning=CUT)
    return Fitted(messages=told, warning=FULL)
