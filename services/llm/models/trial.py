"""Trying out whether a model goes on with an answer that was begun: its template decides, and no server says so."""

from __future__ import annotations

import re
from typing import Final

from services.llm.models.model import Message, Prompt

QUESTION: Final = "Name the three primary colours of painters in one sentence."
BEGUN: Final = "The three primary colours are red, yellow and"
TOKENS: Final = 8
_GOES_ON: Final = re.compile(r"\W*blue\b", re.IGNORECASE)
"""What a model says that goes on with the sentence; one that begins anew says its beginning again."""


def trial(model: str, num_ctx: int) -> Prompt:
    """The prompt of the trial, in the context size of the turns, or the server would load the model anew."""
    options: dict[str, float | int | str] = {"temperature": 0, "num_predict": TOKENS}
    asked = Message(role="user", content=QUESTION)
    return Prompt(messages=(asked,), model=model, num_ctx=num_ctx, begun=BEGUN, options=options)


def went_on(said: str) -> bool:
    """Tell whether this is the rest of the sentence."""
    return _GOES_ON.match(said) is not None
