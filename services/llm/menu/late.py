"""Actions that run on when their turn has been replaced: their results are recorded, but not spoken."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from proto import chat, events
from proto.base import Caller
from proto.chat import ToolUse
from services.llm.turns.turn import shortened
from services.runtime.bus.journal import Journal

RESULT_KEPT = 200_000
"""Characters of a result that the log keeps."""


class Late:
    """What is still running for turns that nobody writes any more."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._running: set[asyncio.Task[None]] = set()

    def leave(self, running: asyncio.Task[ToolUse], caller: Caller, turn: str) -> None:
        """Let an action go on without its turn."""
        recording = asyncio.create_task(self._record(running, caller, turn))
        self._running.add(recording)
        recording.add_done_callback(self._running.discard)

    async def _record(self, running: asyncio.Task[ToolUse], caller: Caller, turn: str) -> None:
        await self.record(await running, caller, turn)

    async def record(self, tool: ToolUse, caller: Caller, turn: str) -> None:
        """Record a result that came too late."""
        late = chat.CameLate(
            turn=turn,
            call=tool.call,
            action=tool.action,
            ok=bool(tool.ok),
            result=shortened(tool.result, RESULT_KEPT),
            seconds=tool.seconds,
        )
        await self._journal.append(events.happened(late, replace(caller, key="")))
