"""A running container with the agent in it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from pathlib import Path

from services.sandbox import cgroup
from services.sandbox.box import BoxStartError
from services.sandbox.channel import LostError, gone
from services.sandbox.docker import Engine
from services.sandbox.door import Call, Door

log = logging.getLogger(__name__)

CALL_WITHIN = 20.0
NO_CALL = "The container started, but its agent did not call: {said}."


class Contained:
    """One container; the line to its agent does not lead through the engine."""

    def __init__(self, engine: Engine, identity: str, door: Door, call: Call) -> None:
        self.id = identity
        self.agent, self.near, self.listener, self._handle = call
        self.kept = False
        self._engine = engine
        self._door = door
        self._group = cgroup.of(self.agent)

    @property
    def ended(self) -> bool:
        """Whether the agent is gone, and all of the box with it."""
        return gone(self._handle)

    def hits(self) -> dict[str, int]:
        """How often the kernel enforced a limit so far."""
        return self._group.hits()

    def last_words(self) -> str:
        """Nothing: the engine would have to be asked, and may not answer."""
        return ""

    def belongs_to(self, root: Path) -> None:
        """Note whose box it is, for a service to come."""
        (self._door.folder / "root").write_text(str(root), encoding="utf-8")

    async def end(self) -> None:
        """Kill the agent and so all of the box, also while no engine answers; then take the container away."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        self._hang_up()
        try:
            await asyncio.to_thread(self._engine.remove, self.id)
        except BoxStartError as error:
            # The next service removes it.
            log.warning("a container stays: %s", error, extra={"action": "box.stays"})
            self._door.close()
            return
        self._door.remove()

    async def leave(self) -> None:
        """Hang up; the container goes on, and the next service finds it."""
        self._hang_up()
        self._door.close()

    def _hang_up(self) -> None:
        os.close(self._handle)
        self.near.close()


async def enter(engine: Engine, identity: str, door: Door) -> Contained:
    """Wait for the agent of a container that was started; BoxStartError, and no container, when it does not call."""
    async with contextlib.AsyncExitStack() as undo:
        undo.push_async_callback(_away, engine, identity, door)
        try:
            async with asyncio.timeout(CALL_WITHIN):
                agent = await asyncio.to_thread(engine.pid, identity)
                contained = Contained(engine, identity, door, await door.answered(agent))
        except (LostError, OSError, BoxStartError) as error:
            said = await asyncio.to_thread(engine.words, identity)
            raise BoxStartError(NO_CALL.format(said=said or "it ended, or did not answer in time")) from error
        undo.pop_all()
    return contained


async def _away(engine: Engine, identity: str, door: Door) -> None:
    with contextlib.suppress(BoxStartError):
        await asyncio.to_thread(engine.remove, identity)
    door.remove()
