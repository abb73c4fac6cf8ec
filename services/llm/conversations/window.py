"""How much of the end of a long conversation is read at once."""

from __future__ import annotations

from collections.abc import Iterable

from proto.chat import Exchange

CHARACTERS = 150_000
"""What it holds at most, unless one exchange alone is longer: a message of the bus carries it, on a page twice."""


def window(backwards: Iterable[Exchange], last: int) -> int:
    """Count the exchanges that are read, from the end: no more than so many, and no more than a message can carry."""
    count, room = 0, CHARACTERS
    for exchange in backwards:
        room -= _length(exchange)
        if count == last or (count and room < 0):
            break
        count += 1
    return count


def _length(exchange: Exchange) -> int:
    tools = sum(len(tool.arguments) + len(tool.result) for tool in exchange.tools)
    return len(exchange.asked) + len(exchange.answer) + len(exchange.thought) + tools
