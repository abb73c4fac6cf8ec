"""Summaries of the oldest part of a conversation: by the model, or of the beginnings of what was said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from proto.chat import Exchange, excerpt
from services.llm.models.model import ModelError
from services.llm.reflex.reflex import Reflex
from services.llm.turns.asides import Aside
from services.llm.turns.fitting import SUMMARY
from services.llm.turns.turn import shortened

ANSWER = 512
"""Tokens for the summary."""
LEAST = 200
"""Characters of each message that are always read."""
BYTES = 3
"""Bytes of a token, rather too few than too many."""


class Summary(NamedTuple):
    """What stands for some exchanges."""

    text: str
    by: str = ""
    """The model that wrote it; empty when none did."""
    version: int | None = None
    """Of the instruction that it was written under."""


class Summariser(NamedTuple):
    """Who writes summaries, and under which instruction."""

    aside: Aside
    rules: str
    version: int

    async def summarise(self, exchanges: Sequence[Exchange], before: str, num_ctx: int) -> Summary:
        """Return a summary of exchanges and of the summary before them."""
        told = _told(exchanges, before, (num_ctx - ANSWER) * BYTES)
        try:
            text = "" if isinstance(self.aside.model, Reflex) else await self._ask(told, num_ctx)
        except ModelError:
            text = ""
        if not text:
            return Summary(beginnings(exchanges, before))
        return Summary(shortened(text, SUMMARY), self.aside.name, self.version)

    async def _ask(self, told: str, num_ctx: int) -> str:
        return await self.aside.ask(self.rules, told, num_ctx, ANSWER)


def beginnings(exchanges: Sequence[Exchange], before: str) -> str:
    """The first words of each question and answer, from the latest back as far as there is room."""
    lines = [f"Asked: {excerpt(each.asked)} Answered: {excerpt(each.answer or each.error)}" for each in exchanges]
    kept: list[str] = []
    for line in reversed(lines):
        if sum(map(len, kept)) + len(line) > SUMMARY - LEAST:
            break
        kept.insert(0, line)
    left_out = [f"({len(lines) - len(kept)} exchanges before these are left out.)"] if len(kept) < len(lines) else []
    return "\n".join([*([shortened(before, SUMMARY // 3)] if before else []), *left_out, *kept])


def _told(exchanges: Sequence[Exchange], before: str, limit: int) -> str:
    share = max(LEAST, limit // (3 * len(exchanges)))
    lines = [f"Summary of what came before: {before}"] if before else []
    for each in exchanges:
        lines += [f"User: {shortened(each.asked, share)}", f"Assistant: {shortened(each.answer or each.error, share)}"]
    return "\n".join(lines)
