"""Embeddings by all-MiniLM-L6-v2, run by llama.cpp in this process: no network, no PyTorch.

A longer text is cut so that at most 256 word pieces of it count, which is where the model was made to end.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
import tempfile
import threading
from array import array
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from proto.errors import Unavailable
from services.llm.vectors.pages import forget_pages

if TYPE_CHECKING:
    import xllamacpp

FILE: Final = "all-MiniLM-L6-v2-f16.gguf"
WORD_PIECES: Final = 256
LONGEST_WORD_PIECE: Final = 21
SEEN: Final = WORD_PIECES * (LONGEST_WORD_PIECE + 1)
"""Characters (with single spaces) behind which no text can reach into its first 256 word pieces."""
AT_ONCE: Final = 4
GROUP: Final = 2
"""Texts handed over together: an utterance waits for one group of an import, not for the import."""
THREADS: Final = 2
NICE: Final = 5
IDLE: Final = 5.0
"""Seconds; coming back costs an utterance about 2 ms."""

Vector: TypeAlias = "array[float]"

_TOO_LONG: Final = re.compile(r"input \((\d+) tokens\) is too large")
_SCRIPT: Final = Path(__file__).with_name("minilm_gguf.py")


class Made(msgspec.Struct, frozen=True):
    """One vector, as the engine writes it: float32 in the machine's order, in base64."""

    embedding: bytes
    index: int


class Complaint(msgspec.Struct, frozen=True):
    """Why there are none."""

    message: str


class Result(msgspec.Struct, frozen=True):
    """What the engine returns."""

    data: tuple[Made, ...] = ()
    error: Complaint | None = None


class TooLong(Exception):
    """A text has more word pieces than the model takes."""

    def __init__(self, pieces: int) -> None:
        super().__init__(pieces)
        self.pieces = pieces


class MiniLM:
    """The engine; its first use loads it, and writes its file when there is none. Raises Unavailable."""

    name: Final = "minilm"
    dimensions: Final = 384

    def __init__(self, folder: Path) -> None:
        self.path = folder.absolute() / FILE
        self._opening: asyncio.Task[xllamacpp.Server] | None = None
        self._resting: asyncio.TimerHandle | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="minilm", initializer=step_back)

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Turn texts into vectors of 384 floats and length 1, in order; an empty text has one too."""
        server = await self.open()
        loop = asyncio.get_running_loop()
        made: list[Vector] = []
        for start in range(0, len(texts), GROUP):
            group = [seen(text) for text in texts[start : start + GROUP]]
            made += await loop.run_in_executor(self._thread, vectors, server, group)
        self._rest()
        return made

    async def open(self) -> xllamacpp.Server:
        """Make ready to embed; costs 0.2 s, and 2 s the first time on a machine."""
        if self._opening is None or (self._opening.done() and self._opening.exception()):
            self._opening = asyncio.get_running_loop().create_task(self._open())
        return await asyncio.shield(self._opening)

    async def aclose(self) -> None:
        """Free the engine's memory."""
        if self._resting is not None:
            self._resting.cancel()
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        self._opening = None
        await asyncio.to_thread(self._thread.shutdown)

    def _rest(self) -> None:
        """Give memory back when nothing is asked for a while."""
        if self._resting is not None:
            self._resting.cancel()
        self._resting = asyncio.get_running_loop().call_later(IDLE, forget_pages, self.path)

    async def _open(self) -> xllamacpp.Server:
        if not self.path.exists():
            await write_file(self.path)
        return await asyncio.get_running_loop().run_in_executor(self._thread, load, self.path)


def step_back() -> None:
    """Let whoever writes an answer go before whoever embeds what was written; threads made later inherit this."""
    # A unit that may not set priorities embeds at the same one.
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


async def write_file(path: Path) -> None:
    """Write the model's file in a process of its own, so that the memory it takes is given back."""
    writing = await asyncio.create_subprocess_exec(
        sys.executable, "-P", str(_SCRIPT), str(path), stderr=asyncio.subprocess.PIPE
    )
    try:
        _, complaint = await writing.communicate()
    finally:
        if writing.returncode is None:
            writing.kill()
    if writing.returncode:
        last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
        raise Unavailable(f"The embedding model could not be written to {path}: {last}")


def load(path: Path) -> xllamacpp.Server:
    """Load the file into the engine."""
    # Threads that spin while they wait take the cores from each other: beside two busy processes an utterance
    # took 270 ms, and 19 ms so. The library reads this when it is loaded.
    os.putenv("OMP_WAIT_POLICY", "passive")
    import xllamacpp  # noqa: PLC0415  a large library, loaded when it is used

    with tempfile.TemporaryDirectory(prefix="minilm-") as private:
        parameters = _parameters(xllamacpp.CommonParams(), path)
        # The engine insists on listening for HTTP. A socket in a folder of our own that is removed at once
        # cannot be reached by anybody.
        parameters.hostnames = [f"{private}/engine.sock"]
        try:
            server = xllamacpp.Server(parameters)
        except RuntimeError as error:
            raise Unavailable(
                f"The embedding model in {path} cannot be loaded; delete the file to renew it."
            ) from error
    forget_pages(path)
    return server


def _parameters(parameters: xllamacpp.CommonParams, path: Path) -> xllamacpp.CommonParams:
    parameters.model.path = str(path)
    parameters.embedding = True
    parameters.n_parallel = AT_ONCE
    parameters.n_ctx = AT_ONCE * WORD_PIECES
    parameters.n_batch = parameters.n_ubatch = WORD_PIECES
    parameters.n_gpu_layers = 0
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = THREADS
    parameters.n_threads_http = 1
    parameters.warmup = parameters.fit_params = parameters.ui = False
    parameters.verbosity = -1
    return parameters


def seen(text: str) -> str:
    """What the model can see of a text at most; word pieces know no white space."""
    whole = text[: SEEN * 4].encode(errors="replace").decode()  # half a character pair is not a text
    return " ".join(whole.split())[:SEEN]


def vectors(server: xllamacpp.Server, texts: list[str]) -> list[Vector]:
    """Embed one group; texts too long for the model are cut."""
    try:
        return ask(server, texts)
    except TooLong:
        return [alone(server, text) for text in texts]


def alone(server: xllamacpp.Server, text: str) -> Vector:
    """Embed one text, shortened until the model takes it."""
    while True:
        try:
            return ask(server, [text])[0]
        except TooLong as error:
            text = text[: min(len(text) - 1, len(text) * WORD_PIECES // error.pieces)]


def ask(server: xllamacpp.Server, texts: list[str]) -> list[Vector]:
    """Embed texts that fit. Raises TooLong."""
    question = json.dumps({"input": texts, "encoding_format": "base64"}).encode()
    try:
        result = msgspec.json.decode(server.handle_embeddings(question), type=Result)
    except (RuntimeError, msgspec.DecodeError) as error:
        raise Unavailable(f"The embedding engine failed: {error}") from error
    if result.error is not None:
        if found := _TOO_LONG.search(result.error.message):
            raise TooLong(int(found[1]))
        raise Unavailable(f"The embedding engine failed: {result.error.message}")
    return [array("f", made.embedding) for made in sorted(result.data, key=lambda made: made.index)]
