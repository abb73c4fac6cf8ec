"""Going on with a turn that another worker left: what its readers have of it, and how often it broke off."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from proto.chat import Exchange, Part, Paused, Started, Text


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """What an earlier worker left of a turn."""

    text: str = ""
    """The answer as its readers have it."""
    crashes: int = 0
    """Workers that began it and neither ended it nor gave it back."""


def left(parts: Iterable[Part]) -> Left:
    """Read the log of a turn as its readers do; a piece that never came ends what they surely have."""
    text, attempt = "", 0
    begun: set[int] = set()
    for part in parts:
        if part.attempt < attempt:
            continue
        attempt = part.attempt
        if isinstance(part, Started):
            begun.add(attempt)
        elif isinstance(part, Paused):
            begun.discard(attempt)
        elif isinstance(part, Text) and part.offset <= len(text):
            text = text[: part.offset] + part.text
    return Left(text=text, crashes=len(begun))


def unfinished(exchange: Exchange, text: str) -> str:
    """What was written after the last call that the log has; empty when there is nothing to go on from."""
    return text[len(exchange.answer) :] if text.startswith(exchange.answer) else ""
