"""What the sandbox service does: run a command in the conversation's box, record it, answer."""

from __future__ import annotations

from proto import errors, events, sandbox
from proto.base import Caller
from services.runtime.bus.journal import Journal
from services.sandbox.box import Ran, SandboxError
from services.sandbox.boxes import Boxes

EXCERPT = 2000
"""Characters of the output that the event keeps, to be found later."""


class Handlers:
    """One method a subject."""

    def __init__(self, journal: Journal, boxes: Boxes) -> None:
        self._journal = journal
        self._boxes = boxes

    async def run(self, request: sandbox.Run, caller: Caller) -> sandbox.CommandResult:
        """Run a command in the box of the caller's conversation."""
        ran = await self._ran(request, caller)
        happened = sandbox.CommandRan(
            command=request.command,
            exit_code=ran.exit_code,
            seconds=round(ran.seconds, 3),
            excerpt=f"{ran.stdout}{ran.stderr}"[:EXCERPT],
        )
        event = events.happened(happened, caller)
        await self._journal.append(event)
        return sandbox.CommandResult(
            exit_code=ran.exit_code,
            stdout=ran.stdout,
            stderr=ran.stderr,
            seconds=round(ran.seconds, 3),
            truncated=ran.truncated,
            note=" ".join(filter(None, (ran.limit, ran.note))),
        )

    async def _ran(self, request: sandbox.Run, caller: Caller) -> Ran:
        try:
            box = await self._boxes.box(caller.user, caller.conversation)
            return await box.run(request.command, timeout=request.timeout)
        except SandboxError as error:
            raise errors.Unavailable(str(error)) from error
