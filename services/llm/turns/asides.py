"""Short questions to a model beside the turns, such as for a title or a summary."""

from __future__ import annotations

from contextlib import aclosing
from typing import NamedTuple

from services.llm.models.model import Message, Model, Prompt, TextPart


class Aside(NamedTuple):
    """A model to be asked something beside the turns."""

    model: Model
    wanted: str = ""
    """The name that it is asked by; empty for its own default."""

    @property
    def name(self) -> str:
        """What it is called in the log."""
        return self.wanted or self.model.name

    async def ask(self, rules: str, text: str, num_ctx: int, tokens: int) -> str:
        """Return what it says to a text under rules, in so many tokens at most. Raises ModelError."""
        prompt = Prompt(
            messages=(Message(role="system", content=rules), Message(role="user", content=text)),
            model=self.wanted,
            num_ctx=num_ctx,
            options={"num_predict": tokens},
        )
        async with aclosing(self.model.reply(prompt)) as parts:
            return "".join([part.text async for part in parts if isinstance(part, TextPart)]).strip()
