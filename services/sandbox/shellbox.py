"""A box with the agent in it: one shell that lives on, and a new start when it was lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path

import msgspec

from services.sandbox.agent.frames import LIMITS, RUN, STOP, fields
from services.sandbox.box import BoxClosedError, BoxStartError, Order
from services.sandbox.channel import Channel, LostError
from services.sandbox.disk import Gauge
from services.sandbox.limits import Limits, noticed
from services.sandbox.network import Gate
from services.sandbox.output import OnOutput, Output, Ran
from services.sandbox.reach import Reach
from services.sandbox.started import Ground, Started
from services.sandbox.work import Work

log = logging.getLogger(__name__)

# How often a running command's files are looked at, in seconds.
LOOK = 0.2
# The agent stops a command within 2 s; when it does not, it is lost.
GRACE = 6.0
READY_WITHIN = 10.0
ANEW = "The box was started anew: its files are kept, but variables, functions and processes are lost."
ENDED = "The box ended while this ran; its files are kept, and the next command starts it anew."


class ShellBox:
    """One box."""

    def __init__(self, root: Path, ground: Ground, gate: Gate) -> None:
        self.root = root
        self._ground = ground
        self._gate = gate
        self._gauge = Gauge(root, ground.limits.disk, ground.limits.files)
        self._one_at_a_time = asyncio.Lock()
        self._starting = asyncio.Lock()
        self._works: set[asyncio.Task[Ran]] = set()
        self._running: Running | None = None
        self._closed = False
        self._note = ""

    @property
    def reach(self) -> Reach:
        """What the box's network may be used for; what it may no longer be used for is cut."""
        return self._gate.reach

    @reach.setter
    def reach(self, reach: Reach) -> None:
        self._gate.reach = reach

    @property
    def busy(self) -> bool:
        """Whether anything is running that was asked for."""
        return bool(self._works)

    @property
    def agent(self) -> int:
        """The agent's pid as the machine sees it; 0 when the box is down."""
        return self._running.started.agent if self._running else 0

    async def start(self, *, reopened: bool) -> None:
        """Start the box; `reopened` when it has files of an earlier time."""
        self._running = await Running.start(self._ground, self._gate)
        anew = ANEW if reopened and not self._running.started.kept else ""
        self._note = f"{anew} {self._ground.note}".strip()

    async def run(self, command: str, *, timeout: float, on_output: OnOutput | None = None) -> Ran:
        """Run one command, after those already asked for."""
        work = await self.begin(Order(command=command, timeout=timeout), on_output)
        return await work.ran

    async def begin(self, order: Order, on_output: OnOutput | None = None) -> Work:
        """Begin a command: in the box's own shell, after those already asked for there, or beside it."""
        async with contextlib.AsyncExitStack() as shell:
            if not order.kind:
                await shell.enter_async_context(self._one_at_a_time)
            async with self._starting:
                channel = await self._revived()
            await self._gauge.settle()
            output, full = Output(self._ground.limits.output, on_output), self._gauge.over
            number, done = channel.begin(RUN, _run_fields(order, full), output.take)
            work = Work(channel, number, output, shell.pop_all())
        work.ran = asyncio.create_task(self._attend(work, done, order.timeout, full))
        self._works.add(work.ran)
        work.ran.add_done_callback(self._works.discard)
        return work

    async def _attend(self, work: Work, done: asyncio.Future[dict[str, str]], timeout: float, full: str) -> Ran:
        note, self._note = self._note, ""
        try:
            await self._until(done, work.number, timeout)
            ran = work.output.ran(await done, note)
        except LostError:
            return work.output.lost(self._hit(), f"{note} {ENDED}".lstrip())
        finally:
            await work.over(done)
        return self._judged(ran, full)

    async def full(self) -> str:
        """The limit on its files that is broken, in a few words, or ''."""
        await self._gauge.grew()
        return self._gauge.over

    async def look(self) -> None:
        """End all processes of a box whose files have grown over its limit."""
        if self._running is not None and not self.busy and await self._gauge.grew():
            self._running.channel.send(STOP, 0, fields(limit=self._gauge.over))

    async def close(self) -> None:
        """End every process of the box; its files stay."""
        self._closed = True
        await self._end()

    async def leave(self) -> None:
        """Let go of the box: where it can, it lives on for the next service."""
        self._closed = True
        running, self._running = self._running, None
        self._gate.close()
        if running is not None:
            await running.leave()

    async def _end(self) -> None:
        running, self._running = self._running, None
        self._gate.close()
        if running is not None:
            await running.end()

    async def _revived(self) -> Channel:
        if self._closed:
            raise BoxClosedError
        if self._running is not None and (self._running.channel.lost.done() or self._running.started.ended):
            words = self._running.started.last_words()
            log.warning("a box was lost: %s", words or "killed", extra={"action": "box.lost", "box": self._ground.name})
            await self._end()
        if self._running is None:
            await self.start(reopened=True)
        running = self._running
        if self._closed or running is None:
            await self._end()
            raise BoxClosedError
        return running.channel

    async def _until(self, done: asyncio.Future[dict[str, str]], number: int, timeout: float) -> None:
        last = asyncio.get_running_loop().time() + timeout + GRACE
        while not done.done():
            await asyncio.wait([done], timeout=LOOK)
            if done.done() or self._running is None:
                return
            if asyncio.get_running_loop().time() > last:
                log.error("a box does not answer", extra={"action": "box.hangs", "box": self._ground.name})
                await self._end()
            elif await self._gauge.grew():
                self._running.channel.send(STOP, number, fields(limit=self._gauge.over))
                self._running.channel.send(STOP, 0, fields(limit=""))

    def _hit(self) -> str:
        return self._running.group_hit(self._ground.limits) if self._running else ""

    def _judged(self, ran: Ran, full: str) -> Ran:
        told = "" if full else noticed(self._ground.limits, ran.exit_code, ran.stderr)
        if not ran.limit and (hit := self._hit() or told):
            ran = msgspec.structs.replace(ran, limit=f"{hit[0].upper()}{hit[1:]}.")
        if full:
            note = f"The box is full ({full}): this ran without the right to write files; delete some first."
            ran = msgspec.structs.replace(ran, note=f"{ran.note} {note}".lstrip())
        return ran


class Running:
    """The part of a box that is lost with its processes."""

    def __init__(self, started: Started, channel: Channel) -> None:
        self.started = started
        self.channel = channel
        self._hits = started.hits()

    @classmethod
    async def start(cls, ground: Ground, gate: Gate) -> Running:
        """Launch the box, tell the agent its limits, and open its way out."""
        async with contextlib.AsyncExitStack() as undo:
            started = await ground.launch()
            undo.push_async_callback(started.end)
            undo.callback(started.listener.close)
            loop = asyncio.get_running_loop()
            _, channel = await loop.create_connection(Channel, sock=started.near)
            channel.send(LIMITS, 0, _limit_fields(ground))
            await gate.listen(started.listener)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(channel.ready), READY_WITHIN)
            if not channel.ready.done() or channel.lost.done():
                raise BoxStartError("The box did not start: its agent could not set the limits or start a shell.")
            undo.pop_all()
        return cls(started, channel)

    def group_hit(self, limits: Limits) -> str:
        """The limit that the kernel enforced since the last time this was asked, or ''."""
        before, self._hits = self._hits, self.started.hits()
        names = {
            "memory": f"the box has {limits.memory >> 20} MiB of memory; the kernel ended a process",
            "pids": f"the box may run {limits.processes} processes at a time",
        }
        return next((names[kind] for kind, hits in self._hits.items() if hits > before.get(kind, 0)), "")

    async def end(self) -> None:
        """Kill everything; returns when it is gone."""
        self.channel.close()
        await self.started.end()

    async def leave(self) -> None:
        """Hang up; the box lives on where it can."""
        self.channel.close()
        await self.started.leave()


def _run_fields(order: Order, full: str) -> bytes:
    return fields(
        command=order.command,
        seconds=str(order.timeout),
        full="yes" if full else "",
        kind=order.kind,
        input="yes" if order.input else "",
        rows=str(order.rows),
        columns=str(order.columns),
    )


def _limit_fields(ground: Ground) -> bytes:
    limits = ground.limits
    return fields(
        # Where nothing counts the whole box's memory each process has all of it, and the agent watches their sum.
        data=str(0 if ground.memory_counted else limits.memory),
        nproc=str(limits.processes if ground.processes_counted else 0),
        open_files=str(limits.open_files),
        cpu_seconds=str(limits.cpu_seconds),
        memory=str(limits.memory),
        processes=str(limits.processes),
        disk=str(limits.disk),
        files=str(limits.files),
        output=str(limits.output),
        output_kept=str(limits.output_kept),
    )
