"""Several Ollama servers as one: a model is asked of the first that has it and answers, in the order they are named."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from proto.errors import Missing, Unavailable
from proto.llm import ModelLine, Models
from services.llm.models.model import ModelError, ModelMissing, ModelUnreachable, Part, Prompt
from services.llm.models.ollama import Ollama, PullStep

AWAY = "{url} does not answer"


class Servers:
    """The Ollama servers. Every method raises ModelError with a sentence that says what to do."""

    def __init__(self, addresses: str, model: str, *, stall_timeout: float) -> None:
        self._all = tuple(Ollama(url, model, stall_timeout=stall_timeout) for url in listed(addresses))
        self._down: set[str] = set()
        """Addresses that did not answer when they were last asked: they come last."""

    @property
    def name(self) -> str:
        """The model for prompts that name none; empty until one is found."""
        return next((server.name for server in self._in_order() if server.name), "")

    @property
    def url(self) -> str:
        """Where they are, with commas between."""
        return ", ".join(server.url for server in self._all)

    async def answers(self) -> bool:
        """Tell whether one of them is there."""
        return not all(await asyncio.gather(*map(_silent, self._all)))

    async def problem(self) -> str:
        """Why none of them can answer at the moment, in a sentence; empty when one can."""
        silent = await asyncio.gather(*map(_silent, self._all))
        self._down = {server.url for server, away in zip(self._all, silent, strict=True) if away}
        there = [server for server in self._all if server.url not in self._down]
        problems = await asyncio.gather(*(server.problem() for server in there))
        if there and not all(problems):
            return ""
        return " ".join(dict.fromkeys(problems or silent))

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Part, None]:
        """Yield the answer as it is made; a server that fails before it has said anything leaves it to the next."""
        failed: list[tuple[Ollama, ModelError]] = []
        for server in self._in_order():
            begun = False
            try:
                async with aclosing(server.reply(prompt)) as parts:
                    async for part in parts:
                        begun = True
                        yield part
            except ModelError as error:
                if begun:
                    raise
                self._note(server, error, failed)
            else:
                return
        raise told(failed, prompt.model)

    async def continues(self, model: str, num_ctx: int) -> bool:
        """Tell whether the model goes on with an answer that was begun, on the server that would write it."""
        for server in self._in_order():
            if not await _silent(server) and await server.has(model):
                return await server.continues(model, num_ctx)
        return False

    async def embed(self, texts: Sequence[str], model: str) -> list[Sequence[float]]:
        """Turn texts into the model's vectors, in order."""
        failed: list[tuple[Ollama, ModelError]] = []
        for server in self._in_order():
            try:
                return await server.embed(texts, model)
            except ModelError as error:
                self._note(server, error, failed)
        raise told(failed, model)

    async def models(self) -> Models:
        """List the models that chat with their server; a server that does not answer is named."""
        found = await asyncio.gather(*map(_lines, self._all))
        problems = [lines for lines in found if isinstance(lines, str)]
        lines = tuple(line for lines in found if not isinstance(lines, str) for line in lines)
        return Models(models=lines, problem=" ".join(problems))

    async def pull(self, model: str, server: str = "") -> AsyncGenerator[PullStep, None]:
        """Download a model to a server, the first that answers where none is named."""
        async with aclosing(self._named(server).pull(model)) as steps:
            async for step in steps:
                yield step

    async def delete(self, model: str, server: str = "") -> None:
        """Remove a model from a server, the first that has it where none is named."""
        if server:
            return await self._named(server).delete(model)
        failed: list[tuple[Ollama, ModelError]] = []
        for each in self._in_order():
            try:
                return await each.delete(model)
            except ModelError as error:
                self._note(each, error, failed)
        raise told(failed, model)

    async def aclose(self) -> None:
        """Close idle connections."""
        await asyncio.gather(*(server.aclose() for server in self._all))

    def known(self, server: str) -> None:
        """Make sure that a server is one of these; raises Missing."""
        self._named(server)

    def _named(self, server: str) -> Ollama:
        if not server:
            return self._in_order()[0]
        for each in self._all:
            if server.rstrip("/") in (each.url, each.url.partition("//")[2]):
                return each
        raise Missing(f"'{server}' is none of the Ollama servers that are set: {self.url}.")

    def _in_order(self) -> list[Ollama]:
        return sorted(self._all, key=lambda server: server.url in self._down)

    def _note(self, server: Ollama, error: ModelError, failed: list[tuple[Ollama, ModelError]]) -> None:
        failed.append((server, error))
        if isinstance(error, ModelUnreachable):
            self._down.add(server.url)


def listed(addresses: str) -> tuple[str, ...]:
    """The addresses in a text with commas between them; raises Unavailable when there is none."""
    found = tuple(address.strip().rstrip("/") for address in addresses.split(",") if address.strip())
    if not found:
        raise Unavailable("[llm] ollama names no server: give an address such as http://127.0.0.1:11434, auto or off.")
    return tuple(dict.fromkeys(found))


def told(failed: Sequence[tuple[Ollama, ModelError]], model: str) -> ModelError:
    """The one error that tells why no server could do it."""
    away = [server.url for server, error in failed if isinstance(error, ModelUnreachable)]
    there = [error for server, error in failed if server.url not in away]
    if not there:
        return ModelUnreachable(url=" or ".join(away))
    graver = [error for error in there if not isinstance(error, ModelMissing)]
    if graver or not away or not model:
        return (graver or there)[0]
    names = " and ".join(AWAY.format(url=url) for url in away)
    return ModelMissing(f"{there[0].message} It may be on another server: {names}.")


async def _silent(server: Ollama) -> str:
    """Why a server does not answer; empty when it does."""
    try:
        await server.version()
    except ModelError as error:
        return error.message
    return ""


async def _lines(server: Ollama) -> list[ModelLine] | str:
    """The models of one server, or why there are none."""
    try:
        found = await server.chatting()
    except ModelError as error:
        return error.message
    return [ModelLine(name=entry.name, size=entry.size, server=server.url) for entry in found]
