"""The reflex: a Model without a language model. It does what it recognises, and says plainly when it does not."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from typing import Final, Protocol

import msgspec

from proto.base import new_id
from proto.errors import Failure
from services.llm.grammar import Grammar, grammar
from services.llm.model import Finished, Message, Part, Prompt, TextPart, Tool, ToolCall
from services.llm.nearest import choose, comparable, examples, score
from services.llm.phrases import Match, bare, exact, loose
from services.llm.reflex_answers import Quote, refusal, results

__all__ = ["Quote", "Reflex"]

TRIES: Final = 4
CONNECT: Final = (
    "To attach a model, install [Ollama](https://ollama.com/download), get one with `ollama pull llama3.2` "
    "and leave `ollama serve` running; it is found by itself on this machine."
)

Recall = Callable[[str], Awaitable[Sequence[Quote]]]


class Embedder(Protocol):
    """What turns texts into vectors of length 1."""

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Embed texts, in order."""
        ...


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """A menu as the reflex has learnt it."""

    tools: tuple[Tool, ...]
    grammar: Grammar
    examples: dict[str, tuple[str, ...]]


class Reflex:
    """Answers a prompt by the phrasings of its tools. Keeps the vectors of phrasings it has seen."""

    name: Final = "reflex"

    def __init__(self, engine: Embedder, recall: Recall, connect: str = CONNECT) -> None:
        self._engine = engine
        self._recall = recall
        self._connect = connect
        self._lesson = Lesson(tools=(), grammar=grammar(()), examples={})
        self._vectors: dict[str, Sequence[float]] = {}

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Part, None]:
        """Yield one call, or text; then Finished."""
        given = latest_results(prompt.messages)
        if given:
            yield TextPart(text=results(given))
        elif call := await self.choose(prompt):
            yield call
        else:
            yield TextPart(text=await self._refuse(said_last(prompt.messages), prompt.tools))
        yield Finished(reason="stop", prompt_tokens=0, answer_tokens=0)

    async def choose(self, prompt: Prompt) -> ToolCall | None:
        """The call that the user's last message asks for, if it is one the reflex is sure of."""
        said = bare(said_last(prompt.messages))
        lesson = self._learn(prompt.tools)
        match = exact(said, lesson.grammar) or await self._nearest(said, lesson)
        if match is None:
            return None
        return ToolCall(id=new_id(), action=match.action, arguments=dict(match.arguments))

    async def warm(self, tools: tuple[Tool, ...]) -> None:
        """Embed the phrasings of a menu beforehand, so that the first paraphrase need not wait for it."""
        lesson = self._learn(tools)
        await self._embed(text for texts in lesson.examples.values() for text in texts)

    async def aclose(self) -> None:
        """Nothing of its own to let go of."""

    def _learn(self, tools: tuple[Tool, ...]) -> Lesson:
        if tools != self._lesson.tools:
            learnt = grammar(tools)
            self._lesson = Lesson(tools=tools, grammar=learnt, examples=examples(learnt))
        return self._lesson

    async def _nearest(self, said: str, lesson: Lesson) -> Match | None:
        could_be = [each for each in loose(said, lesson.grammar) if comparable(said, lesson.examples[each.action])]
        if not could_be:
            return None
        used = {text for each in could_be for text in comparable(said, lesson.examples[each.action])}
        try:
            await self._embed(used)
            made = await self._fresh({each.neutral for each in could_be})
        except Failure:  # without the engine it still does what it is told word by word
            return None
        return choose(score(said, could_be, lesson.examples, {**self._vectors, **made}))

    async def _fresh(self, texts: Iterable[str]) -> dict[str, Sequence[float]]:
        wanted = list(texts)
        return dict(zip(wanted, await self._engine.embed(wanted), strict=True))

    async def _embed(self, texts: Iterable[str]) -> None:
        missing = [text for text in texts if text not in self._vectors]
        if missing:
            self._vectors.update(await self._fresh(missing))

    async def _refuse(self, said: str, tools: tuple[Tool, ...]) -> str:
        tries = [tool.examples[0].replace("{", "").replace("}", "") for tool in tools if tool.examples][:TRIES]
        why = "I did nothing with that."
        try:
            quotes = await self._recall(said) if said.strip() else ()
        except Failure as failure:
            quotes, why = (), f"{why} I cannot look into memory either: {failure.message}"
        return refusal(quotes, tries, why, self._connect)


def said_last(messages: Sequence[Message]) -> str:
    """What the user said last."""
    return next((message.content for message in reversed(messages) if message.role == "user"), "")


def latest_results(messages: Sequence[Message]) -> list[Message]:
    """The results that stand at the end of the messages, in order."""
    given: list[Message] = []
    for message in reversed(messages):
        if message.role != "tool":
            break
        given.insert(0, message)
    return given
