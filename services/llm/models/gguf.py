"""A model in a local GGUF file as a Model: llama.cpp in this process, with no server.

One answer is written at a time, in a thread of its own; others wait. A model that is asked for calls is held to a
JSON Schema whatever its template knows, since a file says of itself less than a server does.

ModelError
├── FileUnusable   503
└── FileFailed     502
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from services.llm.models.gguf_header import trained_context
from services.llm.models.gguf_wire import chat_body, read
from services.llm.models.gguf_writing import Writing, load
from services.llm.models.held import HeldAnswer, read_held
from services.llm.models.model import Finished, ModelError, Part, Prompt

if TYPE_CHECKING:
    import xllamacpp

MAGIC: Final = b"GGUF"
UNLOADED: Final = (
    "llama.cpp does not load it: it is cut short, of a kind or with a chat template that it does not know, "
    "or too large for the memory."
)
OTHER: Final = (
    "What answers is the file {0}, and there is no server that has {1}; `daimon models default` chooses the file."
)

_log = logging.getLogger("daimon.llm")


class FileUnusable(ModelError):
    """The model file {path} cannot be used: {why} Set [llm] gguf to another file, or leave it out."""

    code = 503


class FileFailed(ModelError):
    """The model {name} could not answer: {text}"""  # noqa: D400


class Gguf:
    """The file. Its first use loads it."""

    def __init__(self, path: str, num_ctx: int) -> None:
        self.path = Path(path).expanduser()
        self.name = self.path.stem
        self.context = num_ctx
        """Tokens; no more than the model was made for, once the file was looked at."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="gguf")
        self._opening: asyncio.Task[xllamacpp.Server] | None = None
        self._writing: set[Writing] = set()
        self._told = ""

    def problem(self) -> str:
        """Why this cannot answer, in a sentence, without loading it; empty when nothing is known against it."""
        wrong = self._unreadable() or self._failure()
        if wrong and wrong != self._told:
            _log.warning(wrong, extra={"action": "gguf.unusable"})
        self._told = wrong
        return wrong

    def size(self) -> int:
        """Bytes of the file; 0 when there is none."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Part, None]:
        """Yield the answer as it is made, ending with Finished; closing the generator stops it at the next token."""
        if prompt.model not in ("", self.name):
            raise FileFailed(OTHER.format(self.name, prompt.model))
        held = HeldAnswer() if prompt.tools else None
        async with aclosing(self._parts(prompt)) as parts:
            async for part in parts:
                for shown in (part,) if held is None else read_held(held, part):
                    yield shown
                if isinstance(part, Finished):
                    return
        raise FileFailed(name=self.name, text="it ended without saying so.")

    async def continues(self, model: str, num_ctx: int) -> bool:  # noqa: ARG002  the protocol's
        """Never: what was left unfinished is begun anew."""
        return False

    async def open(self) -> xllamacpp.Server:
        """Load the file, once; raises FileUnusable. What has failed is tried again when it is asked for."""
        if wrong := self._unreadable():
            raise FileUnusable(wrong)
        if self._opening is None or self._failure():
            self._opening = asyncio.get_running_loop().create_task(self._open())
        return await asyncio.shield(self._opening)

    def prepare(self) -> None:
        """Begin to load, so that the first answer need not wait for it."""
        if not self.problem() and self._opening is None:
            self._opening = asyncio.get_running_loop().create_task(self._open())

    async def aclose(self) -> None:
        """Stop what is written and free the memory."""
        for writing in self._writing:
            writing.stop()
        if self._opening is not None:
            await asyncio.wait([self._opening])
            self._failure()
        self._opening = None
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)

    async def _open(self) -> xllamacpp.Server:
        loop = asyncio.get_running_loop()
        trained = await loop.run_in_executor(self._thread, trained_context, self.path)
        self.context = min(self.context, trained or self.context)
        try:
            return await loop.run_in_executor(self._thread, load, self.path, self.context)
        except RuntimeError as error:
            raise FileUnusable(path=self.path, why=UNLOADED) from error

    async def _parts(self, prompt: Prompt) -> AsyncGenerator[Part, None]:
        server = await self.open()
        loop = asyncio.get_running_loop()
        writing = Writing(loop, server, chat_body(prompt))
        self._writing.add(writing)
        running = loop.run_in_executor(self._thread, writing.run)
        try:
            async for piece in writing.pieces():
                parts, problem = read(piece)
                if problem:
                    raise FileFailed(name=self.name, text=problem)
                for part in parts:
                    yield part
        finally:
            writing.stop()
            running.cancel()
            self._writing.discard(writing)

    def _unreadable(self) -> str:
        try:
            with self.path.open("rb") as file:
                right = file.read(len(MAGIC)) == MAGIC
        except OSError as error:
            return FileUnusable(path=self.path, why=f"{error.strerror}.").message
        return "" if right else FileUnusable(path=self.path, why="it is not in the GGUF format.").message

    def _failure(self) -> str:
        """Why loading failed; empty while it lasts and when it went well."""
        if self._opening is None or not self._opening.done() or self._opening.cancelled():
            return ""
        error = self._opening.exception()
        return error.message if isinstance(error, ModelError) else ""
