"""Who serves what: the running instances behind each action, so that a call whose server died is not waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from typing import TypeVar

from proto import errors
from services.runtime.bus.discovery import ServiceInfo

MISSES = 2
"""Looks in which an instance must be missing before it counts as gone: it may only have been slow to answer."""
GONE = "{0} ran in a service that has ended, so it is not known whether it took effect. Check before you repeat it."

T = TypeVar("T")


class Roll:
    """The instances that answered lately, by action."""

    def __init__(self) -> None:
        self._serving: Mapping[str, frozenset[str]] = {}
        self._missed: dict[str, int] = {}
        self._looked = asyncio.Condition()

    async def call(self, services: Iterable[ServiceInfo]) -> None:
        """Note who answered."""
        serving: dict[str, set[str]] = {}
        for service in services:
            for endpoint in service.endpoints or ():
                if action := (endpoint.metadata or {}).get("action"):
                    serving.setdefault(action, set()).add(service.id)
        there = set().union(*serving.values())
        missing = set().union(*self._serving.values(), self._missed) - there
        self._missed = {instance: self._missed.get(instance, 0) + 1 for instance in missing}
        self._serving = {action: frozenset(instances) for action, instances in serving.items()}
        async with self._looked:
            self._looked.notify_all()

    async def answered(self, action: str, asking: Awaitable[T]) -> T:
        """Wait for an answer, but not when all who may be giving it have ended; then Unavailable."""
        answer, gone = asyncio.ensure_future(asking), asyncio.ensure_future(self._gone(self._serving.get(action)))
        try:
            await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise errors.Unavailable(GONE.format(action))
            return answer.result()
        finally:
            gone.cancel()
            answer.cancel()

    async def _gone(self, instances: frozenset[str] | None) -> None:
        async with self._looked:
            await self._looked.wait_for(lambda: bool(instances) and all(map(self._is_gone, instances or ())))

    def _is_gone(self, instance: str) -> bool:
        return self._missed.get(instance, 0) >= MISSES
