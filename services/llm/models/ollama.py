"""Ollama: the chats of one server as a Model, and its list of models. The only file that imports `ollama`.

Answers are read from the socket itself: through the package a token costs about three times as much
(a pydantic model and two layers of HTTP client for each) and its tool types drop parts of a JSON Schema.
"""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
from msgspec.structs import replace

from services.llm.models.door import Answer, BadStatus, Door, Limits, Unreachable
from services.llm.models.held import HeldAnswer, read_held
from services.llm.models.line_connection import BrokeOff, Stalled
from services.llm.models.model import (
    ModelBroke,
    ModelError,
    ModelMissing,
    ModelStalled,
    ModelUnreachable,
    Part,
    Prompt,
)
from services.llm.models.ollama_wire import Line, Manner, chat_body, error_text, parts, read_lines, refused, tool_names
from services.llm.models.trial import trial, went_on

if TYPE_CHECKING:
    import ollama

T = TypeVar("T")

TRUSTED: Final = 30.0
"""Seconds for which what a model can do is taken from memory before its digest is compared again."""


class ModelEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A model that the server has, or has loaded."""

    name: str
    digest: str
    size: int
    """Bytes."""
    context_length: int = 0
    """Tokens it was loaded with; 0 when it is not loaded."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a model can do."""

    capabilities: frozenset[str]
    context_length: int
    """The most it was trained for, in tokens; 0 when it does not say."""


class PullStep(msgspec.Struct, frozen=True, kw_only=True):
    """How far a download has come."""

    status: str
    completed: int = 0
    total: int = 0
    """Bytes of the layer it is at; 0 between layers."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A model that was looked at."""

    digest: str
    shown: Shown
    checked: float
    continues: bool | None = None
    """Whether it goes on with a begun answer; None until it was tried."""


class Ollama:
    """One Ollama server. Every method raises ModelError with a sentence that says what to do."""

    def __init__(
        self, url: str, model: str = "", *, stall_timeout: float = 120.0, keep_alive: str = "30m", think: bool = True
    ) -> None:
        self.url = url if "//" in url else f"http://{url}"
        self.name = model
        """The model for prompts that name none; the server's first one that chats when it is empty."""
        self._door = Door(self.url, Limits(stall=stall_timeout))
        self.keep_alive = keep_alive
        self.think = think
        self._known: dict[str, Known] = {}
        self._opened: ollama.AsyncClient | None = None

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Part, None]:
        """Yield the answer as it is made, ending with Finished; closing the generator closes the connection."""
        manner = await self._manner(prompt.model)
        body = chat_body(prompt, manner)
        held = HeldAnswer() if prompt.tools and not manner.native else None
        actions = {spelled: action for action, spelled in tool_names(prompt.tools).items()}
        async with aclosing(self._lines(body, manner.model)) as batches:
            async for lines in batches:
                for part in parts(lines, actions):
                    for shown in (part,) if held is None else read_held(held, part):
                        yield shown

    async def continues(self, model: str, num_ctx: int) -> bool:
        """Try out, once for each model, whether it goes on with an answer that was begun; False if that fails."""
        try:
            manner = await self._manner(model)
            if not manner.native:
                return False
            known = self._known[full_name(manner.model)]
            if known.continues is None:
                known = replace(known, continues=await self._goes_on(manner, num_ctx))
                self._known[full_name(manner.model)] = known
        except ModelError:
            return False
        return bool(known.continues)

    async def _goes_on(self, manner: Manner, num_ctx: int) -> bool:
        said = ""
        async with aclosing(self._lines(chat_body(trial(manner.model, num_ctx), manner), manner.model)) as batches:
            async for lines in batches:
                said += "".join(line.message.content for line in lines)
        return went_on(said)

    async def has(self, model: str) -> bool:
        """Tell whether the server has a model, or for no name any that chats."""
        try:
            await self._manner(model)
        except ModelError:
            return False
        return True

    async def aclose(self) -> None:
        """Close idle connections."""
        self._door.close()
        if self._opened is not None:
            await self._opened.close()  # type: ignore[no-untyped-call]

    async def problem(self) -> str:
        """Why this cannot answer at the moment, in a sentence; empty when it can."""
        try:
            await self.version()
            await self._manner("")
        except ModelError as error:
            return error.message
        return ""

    async def models(self) -> tuple[ModelEntry, ...]:
        """List the models on the server."""
        listed = await self._ask(lambda client: client.list())
        return tuple(
            ModelEntry(name=m.model or "", digest=m.digest or "", size=int(m.size or 0)) for m in listed.models
        )

    async def chatting(self) -> tuple[ModelEntry, ...]:
        """List the models that chat."""
        entries = await self.models()
        shown = [await self._look(entry.name) for entry in entries]
        return tuple(entry for entry, can in zip(entries, shown, strict=True) if "completion" in can.capabilities)

    async def running(self) -> tuple[ModelEntry, ...]:
        """List the models in the server's memory."""
        listed = await self._ask(lambda client: client.ps())
        return tuple(
            ModelEntry(
                name=m.model or "", digest=m.digest or "", size=int(m.size or 0), context_length=m.context_length or 0
            )
            for m in listed.models
        )

    async def show(self, model: str) -> Shown:
        """Ask what a model can do."""
        shown = await self._ask(lambda client: client.show(model), model)
        lengths = [size for key, size in (shown.modelinfo or {}).items() if key.endswith(".context_length")]
        return Shown(capabilities=frozenset(shown.capabilities or ()), context_length=lengths[0] if lengths else 0)

    async def embed(self, texts: Sequence[str], model: str) -> list[Sequence[float]]:
        """Turn texts into the model's vectors, in order."""
        made = await self._ask(
            lambda client: client.embed(model=model, input=list(texts), keep_alive=self.keep_alive), model
        )
        return list(made.embeddings)

    async def pull(self, model: str) -> AsyncGenerator[PullStep, None]:
        """Download a model, telling how far it has come."""
        steps = await self._ask(lambda client: client.pull(model, stream=True), model)
        with self._readable(model):
            async for step in steps:
                yield PullStep(status=step.status or "", completed=step.completed or 0, total=step.total or 0)

    async def delete(self, model: str) -> None:
        """Remove a model from the server."""
        await self._ask(lambda client: client.delete(model), model)
        self._known.pop(full_name(model), None)

    async def version(self) -> str:
        """Ask for the server's version, which also tells whether it is there."""
        async with self._asked("/api/version", b"", method="GET") as answer, aclosing(answer.batches()) as batches:
            async for lines in batches:
                answer.is_whole = True
                return str(msgspec.json.decode(lines[0], type=dict[str, str]).get("version", ""))
        return ""

    async def _manner(self, model: str) -> Manner:
        name = model or self.name or await self._first()
        can = (await self._look(name)).capabilities
        return Manner(
            model=name, native="tools" in can, thinks=self.think and "thinking" in can, keep_alive=self.keep_alive
        )

    async def _look(self, model: str) -> Shown:
        """What a model can do, asked again when its digest has changed."""
        name, moment = full_name(model), time.monotonic()
        known = self._known.get(name)
        if known and moment - known.checked < TRUSTED:
            return known.shown
        digest = next((entry.digest for entry in await self.models() if entry.name == name), "")
        same = known is not None and known.digest == digest
        shown = known.shown if known and same else await self.show(model)
        continues = known.continues if known and same else None
        self._known[name] = Known(digest=digest, shown=shown, checked=moment, continues=continues)
        return shown

    async def _first(self) -> str:
        for entry in await self.models():
            if "completion" in (await self.show(entry.name)).capabilities:
                self.name = entry.name
                return entry.name
        raise ModelMissing("The Ollama server has no model that chats; get one with `ollama pull llama3.2`.")

    async def _lines(self, body: bytes, model: str) -> AsyncGenerator[list[Line], None]:
        """Yield the lines of a chat that came together, to the last one."""
        async with self._asked("/api/chat", body, model) as answer, aclosing(answer.batches()) as batches:
            async for batch in batches:
                lines, problem = read_lines(batch, model)
                answer.is_whole = bool(lines) and lines[-1].done
                if lines:
                    yield lines
                if problem:
                    raise problem
                if answer.is_whole:
                    return
        raise ModelBroke(why="it ended without saying so")

    @asynccontextmanager
    async def _asked(self, path: str, body: bytes, model: str = "", *, method: str = "POST") -> AsyncIterator[Answer]:
        """Ask the server, and turn what goes wrong into sentences."""
        try:
            async with self._door.ask(path, body, method=method) as answer:
                yield answer
        except Unreachable as error:
            raise ModelUnreachable(url=self.url) from error
        except Stalled as error:
            raise ModelStalled(seconds=self._door.limits.stall) from error
        except BrokeOff as error:
            raise ModelBroke(why=str(error)) from error
        except BadStatus as error:
            self._known.pop(full_name(model), None)  # it may be another one now
            raise refused(error.status, error_text(error.body), model) from error

    async def _ask(self, question: Callable[[ollama.AsyncClient], Awaitable[T]], model: str = "") -> T:
        client = await self._client()
        with self._readable(model):
            return await question(client)

    async def _client(self) -> ollama.AsyncClient:
        """Open the package's client; importing it takes longer than a service may take to start."""
        if self._opened is not None:
            return self._opened
        package = await asyncio.to_thread(importlib.import_module, "ollama")
        connect, stall = self._door.limits.connect, self._door.limits.stall
        opened: ollama.AsyncClient = package.AsyncClient(host=self.url, timeout=(connect, stall, stall, connect))
        self._opened = opened
        return opened

    @contextmanager
    def _readable(self, model: str = "") -> Iterator[None]:
        """Turn the errors of the package into sentences."""
        import httpx  # noqa: PLC0415  it is as slow to import as the package that brings it
        import ollama  # noqa: PLC0415

        try:
            yield
        except ollama.ResponseError as error:
            raise refused(error.status_code, error.error, model) from error
        except (ConnectionError, httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise ModelUnreachable(url=self.url) from error
        except httpx.TimeoutException as error:
            raise ModelStalled(seconds=self._door.limits.stall) from error
        except (httpx.HTTPError, ValueError) as error:
            raise ModelBroke(why=str(error)) from error


def full_name(model: str) -> str:
    """The name with its tag, as the server lists it."""
    return model if ":" in model else f"{model}:latest"
