"""What the sandbox service does: run a command in the conversation's box, record it, answer."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict

from proto import errors, events, sandbox
from proto.base import Caller
from services.runtime.bus.journal import Journal
from services.sandbox.box import Box, Ran, SandboxError
from services.sandbox.boxes import Boxes
from services.sandbox.exchange import Exchange

EXCERPT = 2000
"""Characters of the output that the event keeps, to be found later."""
STOPPED = 130
"""The exit code of a command that was stopped, as a shell has it after Ctrl-C."""


class Handlers:
    """One method a subject."""

    def __init__(self, journal: Journal, boxes: Boxes, exchange: Exchange) -> None:
        self._journal = journal
        self._boxes = boxes
        self._exchange = exchange
        self._running: defaultdict[tuple[str, str], set[asyncio.Task[Ran]]] = defaultdict(set)

    async def run(self, request: sandbox.Run, caller: Caller) -> sandbox.CommandResult:
        """Run a command in the box of the caller's conversation."""
        began = time.monotonic()
        ran = await self._unless_stopped(request, caller)
        if ran is None:
            happened = _happened(request, STOPPED, time.monotonic() - began)
            await self._record(happened, caller)
            raise errors.Refused("The command was stopped with the answer.")
        await self._record(_happened(request, ran.exit_code, ran.seconds, f"{ran.stdout}{ran.stderr}"), caller)
        root = self._boxes.root(caller.user, caller.conversation)
        return sandbox.CommandResult(
            exit_code=ran.exit_code,
            stdout=ran.stdout,
            stderr=ran.stderr,
            seconds=round(ran.seconds, 3),
            truncated=ran.truncated,
            note=" ".join(filter(None, (ran.limit, ran.note))),
            files=await self._exchange.fetch(root, caller),
        )

    async def receive(self, request: sandbox.Receive, caller: Caller) -> sandbox.Received:
        """Put what was uploaded in the caller's conversation into its box."""
        if not caller.conversation:
            raise errors.Invalid("Name the conversation whose box the file is for.")
        box = await self._box(caller)
        self._exchange.expect(box.root)
        path = (await self._exchange.bring(box.root, caller)).get(request.document)
        if path is None:
            raise errors.Missing("No such document was uploaded in this conversation.")
        return sandbox.Received(path=path)

    def uploaded(self, user: str, conversation: str) -> None:
        """Something was uploaded: it must be in the box before the next command."""
        self._exchange.expect(self._boxes.root(user, conversation))

    def stop(self, user: str, conversation: str) -> None:
        """Stop every command that runs in a conversation."""
        for task in self._running.get((user, conversation), ()):
            task.cancel()

    async def _unless_stopped(self, request: sandbox.Run, caller: Caller) -> Ran | None:
        """Run the command; None when it was stopped meanwhile."""
        task = asyncio.create_task(self._ran(request, caller))
        place = caller.user, caller.conversation
        self._running[place].add(task)
        try:
            return await task
        except asyncio.CancelledError:
            ours = asyncio.current_task()
            # The time of the call may be over, or the service be stopping: then it is we who are cancelled.
            if ours is None or ours.cancelling():
                raise
            return None
        finally:
            self._running[place].discard(task)
            if not self._running[place]:
                del self._running[place]

    async def _ran(self, request: sandbox.Run, caller: Caller) -> Ran:
        box = await self._box(caller)
        await self._exchange.bring(box.root, caller)
        try:
            return await box.run(request.command, timeout=request.timeout)
        except SandboxError as error:
            raise errors.Unavailable(str(error)) from error

    async def _box(self, caller: Caller) -> Box:
        try:
            return await self._boxes.box(caller.user, caller.conversation)
        except SandboxError as error:
            raise errors.Unavailable(str(error)) from error

    async def _record(self, happened: sandbox.CommandRan, caller: Caller) -> None:
        try:
            await self._journal.append(events.happened(happened, caller))
        except errors.Unavailable as error:
            raise errors.Unavailable(
                f"The command ran and ended with exit code {happened.exit_code}, but that could not be recorded, "
                "because the event log does not answer. See what it did before you run it again."
            ) from error


def _happened(request: sandbox.Run, exit_code: int, seconds: float, output: str = "") -> sandbox.CommandRan:
    return sandbox.CommandRan(
        command=request.command, exit_code=exit_code, seconds=round(seconds, 3), excerpt=output[:EXCERPT]
    )
