"""Downloads of models: begun by a page and going on without it, followed by everybody who looks."""

from __future__ import annotations

import asyncio
from collections import deque

from proto import events, models
from proto.base import Caller
from proto.errors import Failure
from proto.events import Event
from proto.kinds import happening
from services.runtime.bus import Bus, Interrupted

EARLY = 1.0
"""Seconds in which a download that cannot begin is refused to the one who asked."""
LONGEST = 24 * 3600.0
AGAIN = 0.5
TOLD = 3
"""How many of the last ends are told."""


class Downloads:
    """What is coming, as the events tell, whoever asked for it."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._group: asyncio.TaskGroup
        self.coming: dict[str, int] = {}
        """Percent, by model."""
        self.ended: deque[str] = deque(maxlen=TOLD)
        """What became of the last ones, in sentences."""

    async def keep(self) -> None:
        """Follow until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._follow())

    async def begin(self, request: models.Pull, caller: Caller) -> None:
        """Begin a download; raises the Failure of one that cannot begin."""
        self.coming.setdefault(request.model, 0)
        pulling = self._group.create_task(self._pull(request, caller))
        await asyncio.wait({pulling}, timeout=EARLY)
        failure = pulling.result() if pulling.done() else None
        if failure is not None:
            raise failure

    async def _pull(self, request: models.Pull, caller: Caller) -> Failure | None:
        try:
            await self._bus.call(models.PULL, request, caller=caller, timeout=LONGEST)
        except Failure as failure:
            return failure
        finally:
            self.coming.pop(request.model, None)
        return None

    async def _follow(self) -> None:
        while True:
            try:
                async with self._bus.follow(events.of_noun("model")) as live:
                    async for event in live:
                        self._hear(event)
            except (Interrupted, Failure):
                await asyncio.sleep(AGAIN)

    def _hear(self, event: Event) -> None:
        match happening(event):
            case models.PullProgressed(model=model, percent=percent):
                self.coming[model] = percent
            case models.ModelPulled(model=model) | models.PullFailed(model=model) | models.PullCancelled(model=model):
                self.coming.pop(model, None)
                self.ended.append(event.sentence)
