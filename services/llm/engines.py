"""Which model answers: of an Ollama server, else of a local file, else the reflex, which also does plain commands."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator
from contextlib import aclosing

from proto.base import Caller
from proto.chat import Mode
from proto.errors import Missing, Unavailable
from proto.llm import Engine, ModelLine, Models
from proto.models import ModelJob
from services.llm.calm import Calm
from services.llm.choices.choices import Choices, Chosen
from services.llm.choices.jobs import configured, model_for
from services.llm.models.gguf import Gguf
from services.llm.models.model import Model, Part, Prompt
from services.llm.models.ollama import full_name
from services.llm.models.servers import Servers
from services.llm.reflex.quotes import Recall
from services.llm.reflex.reflex import Reflex
from services.llm.settings import LlmSettings
from services.llm.turns.asides import Aside

HERE = "http://127.0.0.1:11434"
LOOK_EVERY = 5.0
"""Seconds between looks whether a server has come or gone, when none was named."""


class Engines:
    """The models at hand."""

    def __init__(self, settings: LlmSettings, reflex: Reflex, recall: Recall, chosen: Chosen) -> None:
        self._reflex = reflex
        self._recall = recall
        self.chosen = chosen
        self.calm = Calm()
        self.configured = configured(settings.models)
        """The models of single jobs."""
        self._named = settings.ollama not in ("auto", "off")
        url = settings.ollama if self._named else HERE
        stall = settings.stall_timeout
        self._ollama = None if settings.ollama == "off" else Servers(url, settings.model, stall_timeout=stall)
        self._file = Gguf(settings.gguf, settings.num_ctx) if settings.gguf else None
        self._listening = self._named
        """Whether there is a server that its user should hear about."""
        self._problem = ""

    async def look(self) -> None:
        """Find out whether the model server can be used now."""
        if self._ollama is not None:
            self._listening = self._named or await self._ollama.answers()
            self._problem = await self._ollama.problem()
        if self._file is not None and not self._served:
            self._file.prepare()

    async def keep_looking(self) -> None:
        """Follow servers that come and go."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self.look()

    def model(self, mode: Mode, caller: Caller, wanted: str = "") -> Model:
        """Return what answers a caller in a mode; a server that was named is used even when it is down, to say why."""
        model: Model | None = self._file if self._filed(wanted) else self._ollama
        if model is None or not (self._served or self._filed(wanted)):
            return self._reflex.quoting(functools.partial(self._recall, caller))
        return ReflexFirst(self._reflex, model) if mode == "command" else model

    def aside(self, job: ModelJob, caller: Caller, choices: Choices, answering: str = "") -> Aside:
        """Return what does a job beside the answers of a conversation, where that model answers."""
        wanted = model_for(job, choices.models, self.configured, answering)
        return Aside(self.model("chat", caller, wanted), wanted)

    def context(self, wanted: str, num_ctx: int) -> int:
        """How large a context can be, of what is wished for; a file has the one that it was loaded with."""
        return min(num_ctx, self._file.context) if self._file is not None and self._filed(wanted) else num_ctx

    def ollama(self) -> Servers:
        """Return the model servers; Unavailable when it is switched off."""
        if self._ollama is None:
            raise Unavailable("No Ollama server is configured: set [llm] ollama, or [llm] embedding to minilm.")
        return self._ollama

    def engine(self) -> Engine:
        """Say what answers at the moment."""
        if self._file is not None and not self._served:
            return Engine(model=self._file.name, problem=self._file.problem())
        if self._ollama is None or not self._listening:
            return Engine(model=self._reflex.name)
        name = self._ollama.name if self._named or not self._problem else self._reflex.name
        return Engine(model=name, server=self._ollama.url, problem=self._problem)

    async def models(self) -> Models:
        """List what the model servers and the file have for chats."""
        found = await self._ollama.models() if self._ollama is not None and self._listening else Models()
        if self._file is None:
            return found
        line = ModelLine(name=self._file.name, size=self._file.size(), server=str(self._file.path))
        problem = " ".join(filter(None, (found.problem, self._file.problem())))
        return Models(models=(*found.models, line), problem=problem)

    async def check(self, model: str) -> None:
        """Make sure that a model is there and chats; raises Missing."""
        known = dict.fromkeys(line.name for line in (await self.models()).models)
        if full_name(model) not in map(full_name, known):
            names = ", ".join(known) or "none"
            raise Missing(f"There is no model '{model}' that chats. There are: {names}.")

    async def aclose(self) -> None:
        """Let go of connections and memory."""
        if self._ollama is not None:
            await self._ollama.aclose()
        if self._file is not None:
            await self._file.aclose()

    def _filed(self, wanted: str) -> bool:
        """Whether the file is to answer."""
        return self._file is not None and (not self._served or wanted == self._file.name)

    @property
    def _served(self) -> bool:
        """Whether a model server is to answer."""
        return self._ollama is not None and (self._named or not self._problem)


class ReflexFirst:
    """Command mode: what the reflex is sure of it does at once; the rest goes to the model."""

    def __init__(self, reflex: Reflex, model: Model) -> None:
        self._reflex = reflex
        self._model = model
        self._chosen: Model | None = None
        self.name = model.name

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Part, None]:
        """Answer by reflex or by model; what was chosen at the first step stays chosen."""
        if self._chosen is None:
            self._chosen = self._reflex if await self._reflex.choose(prompt) else self._model
        async with aclosing(self._chosen.reply(prompt)) as parts:
            async for part in parts:
                yield part

    async def continues(self, model: str, num_ctx: int) -> bool:
        """The reflex says everything in one piece, so what was left unfinished is the model's."""
        self._chosen = self._model
        return await self._model.continues(model, num_ctx)

    async def aclose(self) -> None:
        """Nothing of its own to let go of."""
