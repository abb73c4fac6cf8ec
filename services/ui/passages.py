"""An answer in the order it came: passages of text, and between them the actions that were used."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from proto.chat import Exchange, ToolUse


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """Text, and the action that was called after it."""

    number: int
    text: str
    tool: ToolUse | None
    """None after the last passage."""


def passages(exchange: Exchange) -> Iterator[Passage]:
    """Split an answer at the places where actions were called."""
    start = 0
    for number, tool in enumerate(exchange.tools):
        end = max(start, tool.at)
        yield Passage(number=number, text=exchange.answer[start:end], tool=tool)
        start = end
    yield Passage(number=len(exchange.tools), text=exchange.answer[start:], tool=None)
