"""llama.cpp's side of an answer: loading a file, and writing in a thread what the event loop reads."""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import xllamacpp


class Writing:
    """One answer while it is written."""

    def __init__(self, loop: asyncio.AbstractEventLoop, server: xllamacpp.Server, body: str) -> None:
        self._loop = loop
        self._server = server
        self._body = body
        self._stopped = threading.Event()
        self._pieces: asyncio.Queue[str] = asyncio.Queue()

    def run(self) -> None:
        """Write until the end, a stop, or a failure; in the thread."""
        try:
            if not self._stopped.is_set():
                self._server.handle_chat_completions(self._body, self._take)
        except (RuntimeError, ValueError) as error:
            self._tell(msgspec.json.encode({"error": {"message": str(error)}}).decode())
        finally:
            self._tell("")

    def stop(self) -> None:
        """End it at the next token."""
        self._stopped.set()
        self._pieces.put_nowait("")

    async def pieces(self) -> AsyncGenerator[str, None]:
        """Yield what llama.cpp writes, as JSON."""
        while piece := await self._pieces.get():
            yield piece

    def _take(self, piece: str) -> bool:
        """Hand over a piece; tells llama.cpp whether to stop."""
        if not self._stopped.is_set():
            self._tell(piece)
        return self._stopped.is_set()

    def _tell(self, piece: str) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._pieces.put_nowait, piece)


def load(path: Path, num_ctx: int) -> xllamacpp.Server:
    """Load a file; raises RuntimeError."""
    os.putenv("OMP_WAIT_POLICY", "passive")  # threads that spin while they wait take the cores from each other
    import xllamacpp  # noqa: PLC0415  a large library, loaded when it is used

    with tempfile.TemporaryDirectory(prefix="gguf-") as private:
        parameters = xllamacpp.CommonParams()
        # The engine insists on listening for HTTP. A socket in a folder of our own that is removed at once
        # cannot be reached by anybody.
        parameters.hostnames = [f"{private}/engine.sock"]
        parameters.model.path = str(path)
        parameters.n_ctx = num_ctx
        parameters.n_parallel = parameters.n_threads_http = 1
        parameters.use_jinja = True
        parameters.warmup = parameters.ui = False
        parameters.verbosity = -1
        return xllamacpp.Server(parameters)
