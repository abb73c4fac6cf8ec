"""What the llm service answers about models: getting one with its progress in the log, and removing one."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from msgspec.structs import replace

from proto import errors, events, models
from proto.base import Caller, Nothing
from proto.events import Event, Happening
from proto.kinds import happening
from services.llm.engines import Engines
from services.runtime.bus import Bus, Routes
from services.runtime.bus.live import Following

STEP = 10
"""Percent between two events about a download."""
CANCELLED = "The download of {0} was stopped; what has come is kept for the next time."


class Pulling:
    """One method a subject. The broker lets nobody but a person's own clients ask."""

    def __init__(self, bus: Bus, engines: Engines) -> None:
        self._bus = bus
        self._engines = engines

    def routes(self) -> Routes:
        """The calls with what answers them."""
        return {
            models.PULL: self.pull,
            models.CANCEL: self.cancel,
            models.DELETE: self.delete,
        }

    async def pull(self, request: models.Pull, caller: Caller) -> Nothing:
        """Download a model, until it is there, it fails, or somebody wants it to stop, in whichever process."""
        self._engines.ollama().known(request.server)
        async with self._bus.follow(events.of_kind(models.PullCancelled.kind, caller.user)) as cancels:
            pulling = asyncio.create_task(self._pull(request, caller))
            waiting = asyncio.create_task(_cancelled(cancels, request.model))
            try:
                await asyncio.wait({pulling, waiting}, return_when=asyncio.FIRST_COMPLETED)
                if not pulling.done():
                    raise errors.Conflict(CANCELLED.format(request.model))
                await self._ended(pulling, request.model, caller)
            finally:
                for task in (pulling, waiting):
                    task.cancel()
                await asyncio.gather(pulling, waiting, return_exceptions=True)
        return Nothing()

    async def cancel(self, request: models.CancelPull, caller: Caller) -> Nothing:
        """Record the wish to stop a download; whoever runs it ends it."""
        await self._record(models.PullCancelled(model=request.model), caller)
        return Nothing()

    async def delete(self, request: models.Delete, caller: Caller) -> Nothing:
        """Remove a model."""
        await self._engines.ollama().delete(request.model, request.server)
        await self._record(models.ModelDeleted(model=request.model), caller)
        return Nothing()

    async def _pull(self, request: models.Pull, caller: Caller) -> None:
        told = 0
        async with aclosing(self._engines.ollama().pull(request.model, request.server)) as steps:
            async for step in steps:
                percent = 100 * step.completed // step.total if step.total else 0
                if told + STEP <= percent < 100:
                    told = percent
                    await self._record(models.PullProgressed(model=request.model, percent=percent), caller)

    async def _ended(self, pulling: asyncio.Task[None], model: str, caller: Caller) -> None:
        try:
            await pulling
        except errors.Failure as failure:
            await self._record(models.PullFailed(model=model, error=failure.message), caller)
            raise
        await self._record(models.ModelPulled(model=model), caller)
        await self._engines.look()

    async def _record(self, what: Happening, caller: Caller) -> None:
        await self._bus.journal.append(events.happened(what, replace(caller, key="")))


async def _cancelled(cancels: Following[Event], model: str) -> None:
    """Wait until somebody wants this download to stop."""
    async for event in cancels:
        what = happening(event)
        if isinstance(what, models.PullCancelled) and what.model == model:
            return
