"""What the reflex has learnt: the phrasings of the latest menu and their vectors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from proto.errors import Failure
from services.llm.models.model import Tool
from services.llm.reflex.grammar import Grammar, grammar
from services.llm.reflex.nearest import choose, comparable, cosine, examples, score
from services.llm.reflex.phrases import Match, bare, exact, loose


class Embedder(Protocol):
    """What turns texts into vectors of length 1."""

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Embed texts, in order. Raises Failure."""
        ...


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """A menu as it was learnt."""

    tools: tuple[Tool, ...]
    grammar: Grammar
    examples: dict[str, tuple[str, ...]]


class Phrasebook:
    """Finds the action that a sentence asks for."""

    def __init__(self, engine: Embedder) -> None:
        self._engine = engine
        self._lesson = lesson(())
        self._vectors: dict[str, Sequence[float]] = {}

    async def find(self, said: str, tools: tuple[Tool, ...]) -> Match | None:
        """The action and its arguments: by its words, else by its meaning; None when neither is sure."""
        plain, menu = bare(said), self._learn(tools)
        return exact(plain, menu.grammar) or await self._nearest(plain, menu)

    def first(self, tools: tuple[Tool, ...]) -> list[str]:
        """The first phrasing of each action, as the menu has them."""
        return [texts[0] for texts in self._learn(tools).examples.values()]

    async def nearest(self, said: str, tools: tuple[Tool, ...]) -> list[str]:
        """The first phrasing of each action, those of what means most nearly what was said first."""
        known = self._learn(tools).examples
        try:
            wanted = (await self._fresh({said}))[said]
            await self._embed(text for texts in known.values() for text in texts)
        except Failure:
            return self.first(tools)
        near = [(max(cosine(wanted, self._vectors[text]) for text in texts), texts[0]) for texts in known.values()]
        return [text for _, text in sorted(near, reverse=True)]

    async def warm(self, tools: tuple[Tool, ...]) -> None:
        """Embed the phrasings of a menu beforehand, so that the first paraphrase need not wait for it."""
        await self._embed(text for texts in self._learn(tools).examples.values() for text in texts)

    def _learn(self, tools: tuple[Tool, ...]) -> Lesson:
        if tools != self._lesson.tools:
            self._lesson = lesson(tools)
        return self._lesson

    async def _nearest(self, said: str, menu: Lesson) -> Match | None:
        could_be = [each for each in loose(said, menu.grammar) if comparable(said, menu.examples[each.action])]
        if not could_be:
            return None
        try:
            await self._embed(text for each in could_be for text in comparable(said, menu.examples[each.action]))
            fresh = await self._fresh({each.neutral for each in could_be})
        except Failure:  # without the engine it still does what it is told word by word
            return None
        return choose(score(said, could_be, menu.examples, {**self._vectors, **fresh}))

    async def _embed(self, texts: Iterable[str]) -> None:
        self._vectors.update(await self._fresh({text for text in texts if text not in self._vectors}))

    async def _fresh(self, texts: set[str]) -> dict[str, Sequence[float]]:
        wanted = sorted(texts)
        return dict(zip(wanted, await self._engine.embed(wanted), strict=True)) if wanted else {}


def lesson(tools: tuple[Tool, ...]) -> Lesson:
    """Learn a menu."""
    learnt = grammar(tools)
    return Lesson(tools=tools, grammar=learnt, examples=examples(learnt))
