"""Boxes that are processes of this machine: what their backends share, made once when the first box is asked for."""

from __future__ import annotations

import asyncio
import itertools
import os
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from services.sandbox import cgroup
from services.sandbox.box import Backend
from services.sandbox.interpreter import Interpreter, prepare
from services.sandbox.limits import Enforcement, enforcements
from services.sandbox.network import Gate
from services.sandbox.plan import Plan
from services.sandbox.reach import Reach


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What all boxes of a service have in common."""

    interpreter: Interpreter
    filtered: bytes
    """The system call filter."""


S = TypeVar("S", bound=Shared)


class Native(Backend, Generic[S]):
    """A backend whose common parts lie in `home`."""

    def __init__(self, home: Path, plan: Plan | None = None, gate: Callable[[Reach], Gate] = Gate) -> None:
        """`gate` makes the way out of a box; another one may resolve or judge addresses in its own way."""
        self.home = home
        self._plan = plan or Plan()
        self._gate = gate
        self._cgroups = cgroup.find()
        self._numbers = itertools.count(1)
        self._preparing = asyncio.Lock()
        self._shared: S | None = None

    def limits_in_force(self) -> tuple[Enforcement, ...]:
        """What holds each limit on this machine."""
        return enforcements(self._plan.limits, frozenset(self._cgroups.folders), self._cgroups.version)

    @abstractmethod
    def _share(self) -> S:
        """Make what all boxes have in common, or say why it cannot be."""

    async def _prepared(self) -> S:
        async with self._preparing:
            if self._shared is None:
                self._shared = await asyncio.to_thread(self._share)
        return self._shared

    @property
    def _memory_counted(self) -> bool:
        return "memory" in self._cgroups.folders

    def _interpreter(self) -> Interpreter:
        return prepare(self.home / "agent", Path(self._plan.python) if self._plan.python else None)

    def _name(self) -> str:
        return f"daimon-{os.getpid()}-{next(self._numbers)}"
