"""The reflex: a Model without a language model. It does what it recognises, and says plainly when it does not."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Final

from proto.base import new_id
from proto.errors import Failure
from services.llm.models.model import Finished, Message, Part, Prompt, TextPart, Tool, ToolCall
from services.llm.reflex.phrasebook import Embedder, Phrasebook
from services.llm.reflex.reflex_answers import Quote, abilities, asks_for_help, is_question, refusal, results

__all__ = ["Quote", "Recall", "Reflex"]

TRIES: Final = 4
CONNECT: Final = (
    "To attach a model, install [Ollama](https://ollama.com/download), get one with `ollama pull llama3.2` "
    "and leave `ollama serve` running; it is found by itself on this machine."
)

Recall = Callable[[str], Awaitable[Sequence[Quote]]]


async def nothing(_: str) -> Sequence[Quote]:
    """Remember nothing."""
    return ()


class Reflex:
    """Answers a prompt by the phrasings of its tools."""

    name: Final = "reflex"

    def __init__(self, engine: Embedder | Phrasebook, recall: Recall = nothing, connect: str = CONNECT) -> None:
        self._book = engine if isinstance(engine, Phrasebook) else Phrasebook(engine)
        self._recall = recall
        self._connect = connect

    def quoting(self, recall: Recall) -> Reflex:
        """Return a reflex that has learnt the same and quotes another memory, such as one user's own."""
        return Reflex(self._book, recall, self._connect)

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Part, None]:
        """Yield one call, or text; then Finished."""
        given = latest_results(prompt.messages)
        if given:
            yield TextPart(text=results(given))
        elif call := await self.choose(prompt):
            yield call
        else:
            yield TextPart(text=await self._refuse(said_last(prompt.messages), prompt.menu or prompt.tools))
        yield Finished(reason="stop", prompt_tokens=0, answer_tokens=0)

    async def continues(self, model: str, num_ctx: int) -> bool:  # noqa: ARG002 - the interface's
        """What it says is said in one piece."""
        return False

    async def choose(self, prompt: Prompt) -> ToolCall | None:
        """The call that the user's last message asks for, if it is one the reflex is sure of."""
        match = await self._book.find(said_last(prompt.messages), prompt.menu or prompt.tools)
        if match is None:
            return None
        return ToolCall(id=new_id(), action=match.action, arguments=dict(match.arguments))

    async def warm(self, tools: tuple[Tool, ...]) -> None:
        """Embed the phrasings of a menu beforehand; about 4 ms of one core for each."""
        await self._book.warm(tools)

    async def aclose(self) -> None:
        """Nothing of its own to let go of."""

    async def _refuse(self, said: str, tools: tuple[Tool, ...]) -> str:
        if asks_for_help(said):
            return abilities(self._book.first(tools), self._connect)
        tries = (await self._book.nearest(said, tools))[:TRIES]
        why = "I cannot answer that in words of my own." if is_question(said) else "I did nothing with that."
        quotes: Sequence[Quote] = ()
        try:
            quotes = await self._recall(said) if said.strip() else ()
        except Failure as failure:
            why += f" I cannot look into memory either: {failure.message}"
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
