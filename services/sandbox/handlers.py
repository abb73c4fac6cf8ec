"""What the sandbox service does: run a command in the conversation's box, record it, answer."""

from __future__ import annotations

import asyncio

from proto import errors, events, sandbox
from proto.base import Caller
from services.runtime.bus.journal import Journal
from services.runtime.bus.serving import seconds_left
from services.sandbox.box import Order, SandboxError
from services.sandbox.exchange import Exchange
from services.sandbox.jobs import STOPPED, Jobs, Live
from services.sandbox.opening import Opening
from services.sandbox.output import Ran

EXCERPT = 2000
"""Characters of the output that the event keeps, to be found later."""


ANSWER_WITHIN = 0.5
"""Seconds before the caller's deadline at which a command that still runs becomes a job."""


class Handlers:
    """One method a subject."""

    def __init__(
        self, journal: Journal, opening: Opening, exchange: Exchange, under_way: Jobs, *, grace: float
    ) -> None:
        """`grace` is the seconds after which a command goes on as a job."""
        self._journal = journal
        self._opening = opening
        self._exchange = exchange
        self._jobs = under_way
        self._grace = grace

    async def run(self, request: sandbox.Run, caller: Caller) -> sandbox.CommandResult:
        """Run a command in the box of the caller's conversation; one that takes long goes on as a job."""
        live = await self._begin(request, caller)
        try:
            if live.order.kind or not await self._ends(live):
                return await self._as_job(live)
        except asyncio.CancelledError:
            # Whoever asked has gone, or waited no longer: the command is not lost.
            await asyncio.shield(self._jobs.go_on(live))
            raise
        return await self._done(request, live, caller)

    async def receive(self, request: sandbox.Receive, caller: Caller) -> sandbox.Received:
        """Put what was uploaded in the caller's conversation into its box."""
        if not caller.conversation:
            raise errors.Invalid("Name the conversation whose box the file is for.")
        self.uploaded(caller.user, caller.conversation)
        box = await self._opening.box(caller)
        path = (await self._exchange.bring(box.root, caller)).get(request.document)
        if path is None:
            if why := self._exchange.refused(box.root, request.document):
                raise errors.TooLarge(why)
            raise errors.Missing("No such document was uploaded in this conversation.")
        return sandbox.Received(path=path)

    def uploaded(self, user: str, conversation: str) -> None:
        """Something was uploaded: it must be in the box before the next command."""
        self._opening.expect(user, conversation)

    def stop(self, user: str, conversation: str) -> None:
        """Stop every command that somebody waits for in a conversation."""
        for live in self._jobs.at(user, conversation):
            if not live.apart:
                live.work.ran.cancel()

    async def _begin(self, request: sandbox.Run, caller: Caller) -> Live:
        box = await self._opening.box(caller)
        order = Order(
            command=request.command,
            timeout=request.timeout,
            kind="terminal" if request.terminal else "job" if request.background or request.input else "",
            input=request.input,
        )
        try:
            return await self._jobs.begin(box, order, caller)
        except SandboxError as error:
            raise errors.Unavailable(str(error)) from error

    async def _ends(self, live: Live) -> bool:
        """Wait for a command; whether it ended within its time of grace."""
        # Whoever waits only shortly is told the job's id in time.
        left = seconds_left()
        done, _ = await asyncio.wait([live.work.ran], timeout=min(self._grace, left - min(ANSWER_WITHIN, left / 2)))
        return bool(done)

    async def _as_job(self, live: Live) -> sandbox.CommandResult:
        await self._jobs.go_on(live)
        stdout, stderr = live.work.output.sofar
        return sandbox.CommandResult(
            exit_code=None,
            stdout=stdout,
            stderr=stderr,
            seconds=live.told().seconds,
            job=live.id,
            note=f"It goes on as job {live.id}; sandbox.output reads on, and its end is told as an event.",
        )

    async def _done(self, request: sandbox.Run, live: Live, caller: Caller) -> sandbox.CommandResult:
        try:
            ran = await self._jobs.over(live)
        except asyncio.CancelledError:
            ours = asyncio.current_task()
            if ours is None or ours.cancelling():
                raise
            await self._record(_happened(request, STOPPED, live.told().seconds), caller)
            raise errors.Refused("The command was stopped with the answer.") from None
        except SandboxError as error:
            raise errors.Unavailable(str(error)) from error
        if live.forgotten:
            raise errors.Refused("The conversation of this command was forgotten.")
        await self._record(_happened(request, ran.exit_code, ran.seconds, f"{ran.stdout}{ran.stderr}"), caller)
        return await self._result(ran, live, caller)

    async def _result(self, ran: Ran, live: Live, caller: Caller) -> sandbox.CommandResult:
        return sandbox.CommandResult(
            exit_code=ran.exit_code,
            stdout=ran.stdout,
            stderr=ran.stderr,
            seconds=round(ran.seconds, 3),
            truncated=ran.truncated,
            note=" ".join(filter(None, (ran.limit, ran.note))),
            files=await self._exchange.fetch(live.box.root, caller),
        )

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
