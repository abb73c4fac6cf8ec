"""Keeping one child alive: started, watched until it is ready, and started again when it ends."""

from __future__ import annotations

import asyncio
import logging
import time
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import msgspec

from daimon.up import child as children
from daimon.up import procfs
from daimon.up.backoff import Backoff
from daimon.up.child import Launch
from daimon.up.errors import ChildFailed, UpError
from daimon.up.state import ChildState, Phase

READY_WITHIN = 60.0
FIRST_TRIES = 3
"""A child that ends this often before it was ever ready is given up."""
WRONG_SETTING = 78
"""EX_CONFIG of sysexits.h: trying again cannot help."""

_log = logging.getLogger("daimon.up")


class Part(Protocol):
    """What the supervisor has to know of NATS, of Postgres and of a service."""

    @property
    def name(self) -> str:
        """What people call it."""

    async def launch(self) -> Launch:
        """Prepare a start, and say how it is started; may raise UpError."""

    async def until_ready(self) -> None:
        """Return when it serves; may raise UpError."""


class Supervised:
    """One child under supervision."""

    def __init__(self, part: Part, changed: Callable[[ChildState], None]) -> None:
        self.part = part
        self.state = ChildState(name=part.name, phase="starting")
        self._changed = changed
        self._backoff = Backoff()
        self._child: Process | None = None
        self._launch: Launch | None = None
        self._ready_at = 0.0
        self._tries = 0
        self._failure: UpError | None = None
        self._settled = asyncio.Event()
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()

    async def ready(self) -> None:
        """Wait until it has been ready once; raises UpError when it is given up."""
        await self._settled.wait()
        if self._failure:
            raise self._failure

    async def keep(self) -> None:
        """Run it again and again, until it is stopped or given up."""
        try:
            while not self._stopping.is_set():
                reason = await self._live()
                if self._stopping.is_set() or self._given_up(reason):
                    break
                await self._rest(reason)
        finally:
            self.kill()
            self._settled.set()
            self._ended.set()

    async def stop(self) -> None:
        """End it, and wait until it has ended."""
        self._stopping.set()
        await self._end()
        await self._ended.wait()
        self._change("stopped")

    def kill(self) -> None:
        """End it by force."""
        self._stopping.set()
        if self._child is not None:
            children.kill(self._child)

    async def _live(self) -> UpError:
        """Run it once; return why it has ended."""
        self._ready_at = 0.0
        try:
            self._launch = await self.part.launch()
            self._child = await children.spawn(self._launch)
        except UpError as error:
            return error
        except OSError as error:
            return UpError(f"{self.part.name} cannot be started: {error.strerror}.")
        self._change("starting", procfs.running(self._child.pid))
        return await self._life(self._child, self._launch)

    async def _life(self, child: Process, launch: Launch) -> UpError:
        if self._stopping.is_set():
            await self._end()
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(self._watch(child))
            code = await child.wait()
            watch.cancel()
        children.sweep(child.pid)
        if not watch.cancelled() and (reason := watch.result()):
            return reason
        return _Ended(f"{self.part.name} {_how(code, launch)}; see {launch.log}.{_cure(self.part.name, code)}", code)

    async def _watch(self, child: Process) -> UpError | None:
        """Wait until it is ready; one that does not get ready is killed and the reason returned."""
        try:
            async with asyncio.timeout(READY_WITHIN):
                await self.part.until_ready()
        except TimeoutError:
            children.kill(child)
            return ChildFailed(f"{self.part.name} did not get ready within {READY_WITHIN:.0f} s.")
        except UpError as error:
            children.kill(child)
            return error
        self._ready_at = time.monotonic()
        self._settled.set()
        self._change("ready", self.state.run)
        return None

    def _given_up(self, reason: UpError) -> bool:
        if self._settled.is_set():
            return False
        self._tries += 1
        hopeless = isinstance(reason, _Ended) and reason.code == WRONG_SETTING
        if not hopeless and self._tries < FIRST_TRIES:
            return False
        self._failure = reason
        self._change("failed")
        return True

    async def _rest(self, reason: UpError) -> None:
        healthy = time.monotonic() - self._ready_at if self._ready_at else 0.0
        delay = self._backoff.after(healthy)
        name = self.part.name
        _log.warning("%s Starting it again in %.1f s.", reason, delay, extra={"action": "child.ended", "child": name})
        self.state = msgspec.structs.replace(self.state, restarts=self.state.restarts + 1)
        self._change("waiting")
        with suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._stopping.wait()

    async def _end(self) -> None:
        if self._child is not None and self._launch is not None and self._child.returncode is None:
            await children.stop(self._child, self._launch)

    def _change(self, phase: Phase, run: procfs.Running | None = None) -> None:
        self.state = msgspec.structs.replace(self.state, phase=phase, run=run)
        self._changed(self.state)


class _Ended(ChildFailed):
    """The child ended by itself."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def _how(code: int, launch: Launch) -> str:
    if code < 0:
        return f"was ended by signal {-code}"
    return f"ended with code {code}: {children.last_words(launch.log)}"


def _cure(name: str, code: int) -> str:
    return f" Put the table [{name}] of settings.toml right and start again." if code == WRONG_SETTING else ""
