"""Short questions to the model beside the turns, such as for a title or a summary."""

from __future__ import annotations

from contextlib import aclosing

from services.llm.model import Message, Model, Prompt, TextPart


async def aside(model: Model, rules: str, text: str, num_ctx: int, tokens: int) -> str:
    """Return what the model says to a text under rules, in so many tokens at most. Raises ModelError."""
    prompt = Prompt(
        messages=(Message(role="system", content=rules), Message(role="user", content=text)),
        num_ctx=num_ctx,
        options={"num_predict": tokens},
    )
    async with aclosing(model.reply(prompt)) as parts:
        return "".join([part.text async for part in parts if isinstance(part, TextPart)]).strip()
