"""How the model answers in one conversation: options that a person sets, and how a prompt has them."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from proto import errors, models
from proto.base import Caller
from proto.models import Options, Tuned
from services.llm.conversations.thread import Thread
from services.llm.conversations.threads import Threads
from services.llm.engines import Engines
from services.runtime.bus import Routes


class Tuning:
    """One method a subject. The broker lets nobody but a person's own clients ask."""

    def __init__(self, threads: Threads, engines: Engines) -> None:
        self._threads = threads
        self._engines = engines

    def routes(self) -> Routes:
        """The calls with what answers them."""
        return {models.OPTIONS: self.options, models.SET_OPTIONS: self.set_options}

    async def options(self, request: models.ReadOptions, caller: Caller) -> Options:
        """Return what is set for a conversation."""
        return (await self._thread(request.conversation, caller)).options

    async def set_options(self, request: models.SetOptions, caller: Caller) -> Options:
        """Set all of it."""
        await self._thread(request.conversation, caller)
        wanted = request.options
        if wanted.model:
            await self._engines.check(wanted.model)
        await self._threads.decide(
            replace(caller, conversation=request.conversation),
            lambda thread: None if thread.options == wanted else Tuned(options=wanted, before=thread.options),
        )
        return wanted

    async def _thread(self, conversation: str, caller: Caller) -> Thread:
        thread = await self._threads.read(caller.user, conversation)
        if not thread.end:
            raise errors.Missing("There is no conversation with this id, or nothing was said in it yet.")
        return thread


def said(options: Options) -> dict[str, float | int | str]:
    """The options beside the model and the context size, which a prompt has by itself."""
    known: dict[str, float | int | str] = msgspec.to_builtins(options)
    return {name: value for name, value in known.items() if name not in ("model", "num_ctx")}
