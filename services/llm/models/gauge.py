"""How many tokens a prompt takes: estimated from its bytes, and corrected by what the model's server counts."""

from __future__ import annotations

import functools
from collections.abc import Iterable

import msgspec

from services.llm.models.model import Message, Tool

USUAL = 1 / 3.5
"""Tokens a byte before a model has been seen: rather too many than too few."""
LEAST, MOST = 1 / 12, 1.0
"""Tokens a byte that can be; a count outside is of something else, such as of what was not in a cache."""
MESSAGE = 16
"""Bytes that stand for what a template puts around a message."""
SHORT = 0.65
"""A prompt of which the server counts less than this share was cut."""
KEPT = 4096


def size(messages: Iterable[Message], tools: Iterable[Tool] = ()) -> int:
    """How many bytes a model is sent."""
    return sum(map(_message, messages)) + sum(map(_tool, tools))


class Gauge:
    """What is known of each model's tokens."""

    def __init__(self) -> None:
        self._ratios: dict[str, float] = {}

    def tokens(self, model: str, size: int) -> int:
        """Estimate the tokens of so many bytes."""
        return round(size * self._ratios.get(model, USUAL))

    def learn(self, model: str, size: int, counted: int) -> None:
        """Take into account what the server counted."""
        if size and LEAST <= counted / size <= MOST:
            known = self._ratios.get(model, counted / size)
            self._ratios[model] = (known + counted / size) / 2

    def was_cut(self, model: str, size: int, counted: int, context: int) -> bool:
        """Tell whether the server must have left out a part of the prompt."""
        if counted == 0:
            return False
        return counted >= context or counted < SHORT * size * self._ratios.get(model, LEAST)


def _message(message: Message) -> int:
    calls = sum(len(msgspec.json.encode(call)) for call in message.calls)
    return len(message.content.encode()) + calls + MESSAGE


@functools.lru_cache(KEPT)
def _tool(tool: Tool) -> int:
    return len(msgspec.json.encode(tool.schema)) + len(tool.description.encode()) + len(tool.name) + MESSAGE
