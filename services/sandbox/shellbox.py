"""A box with the agent in it: one shell that lives on, and a new start when it was lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path

import msgspec

from services.sandbox import orphans
from services.sandbox.agent.frames import LIMITS, RUN, STOP, fields
from services.sandbox.box import BoxClosedError, BoxStartError, OnOutput, Ran
from services.sandbox.cgroup import Cgroups, Group
from services.sandbox.channel import Channel, LostError
from services.sandbox.disk import Gauge
from services.sandbox.launch import Launched, Start, launch
from services.sandbox.limits import Limits, counts_processes_per_namespace
from services.sandbox.network import Gate
from services.sandbox.output import Output
from services.sandbox.reach import Reach

log = logging.getLogger(__name__)

# How often a running command's files are looked at, in seconds.
LOOK = 0.2
# The agent stops a command within 2 s; when it does not, it is lost.
GRACE = 6.0
READY_WITHIN = 10.0
ANEW = "The box was started anew: its files are kept, but variables, functions and processes are lost."
ENDED = "The box ended while this ran; its files are kept, and the next command starts it anew."
UNSTOPPABLE = "the command could not be stopped, so the box was ended"


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What a box stands on."""

    start: Start
    limits: Limits
    cgroups: Cgroups
    name: str
    alive: Path
    """The folder in which running boxes are noted."""


class ShellBox:
    """One box."""

    def __init__(self, root: Path, ground: Ground, gate: Gate) -> None:
        self.root = root
        self._ground = ground
        self._gate = gate
        self._gauge = Gauge(root, ground.limits.disk, ground.limits.files)
        self._one_at_a_time = asyncio.Lock()
        self._running: Running | None = None
        self._closed = False
        self._note = ""

    @property
    def reach(self) -> Reach:
        """What the box's network may be used for, from the next connection on."""
        return self._gate.reach

    @reach.setter
    def reach(self, reach: Reach) -> None:
        self._gate.reach = reach

    @property
    def busy(self) -> bool:
        """Whether a command is running."""
        return self._one_at_a_time.locked()

    @property
    def agent(self) -> int:
        """The agent's pid as the machine sees it; 0 when the box is down."""
        return self._running.launched.agent if self._running else 0

    async def start(self, *, reopened: bool) -> None:
        """Start the box; `reopened` when it has files of an earlier time."""
        self._note = ANEW if reopened else ""
        self._running = await Running.start(self._ground, self._gate)

    async def run(self, command: str, *, timeout: float, on_output: OnOutput | None = None) -> Ran:
        """Run one command, after those already asked for."""
        async with self._one_at_a_time:
            channel = await self._revived()
            await self._gauge.grew()
            note, self._note = self._note, ""
            output = Output(self._ground.limits.output, on_output)
            full = self._gauge.over
            body = fields(command=command, seconds=str(timeout), full="yes" if full else "")
            number, done = channel.begin(RUN, body, output.take)
            try:
                await self._until(done, number, timeout)
                ran = output.ran(await done, note)
            except LostError:
                return output.lost(self._hit(), f"{note} {ENDED}".lstrip())
            finally:
                channel.forget(number)
                if not done.done():
                    channel.send(STOP, number, fields(limit=""))
            return self._judged(ran, full)

    async def look(self) -> None:
        """End all processes of a box whose files have grown over its limit."""
        if self._running is not None and not self.busy and await self._gauge.grew():
            self._running.channel.send(STOP, 0, fields(limit=self._gauge.over))

    async def close(self) -> None:
        """End every process of the box; its files stay."""
        self._closed = True
        await self._end()

    async def _end(self) -> None:
        running, self._running = self._running, None
        self._gate.close()
        if running is not None:
            await running.end()

    async def _revived(self) -> Channel:
        if self._closed:
            raise BoxClosedError
        if self._running is not None and (self._running.channel.lost.done() or self._running.launched.ended):
            words = self._running.launched.last_words()
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
        if ran.exit_code and not ran.limit and (hit := self._hit()):
            ran = msgspec.structs.replace(ran, limit=f"{hit[0].upper()}{hit[1:]}.")
        if full:
            note = f"The box is full ({full}): this ran without the right to write files; delete some first."
            ran = msgspec.structs.replace(ran, note=f"{ran.note} {note}".lstrip())
        return ran


class Running:
    """The part of a box that is lost with its processes."""

    def __init__(self, launched: Launched, channel: Channel, group: Group, note: Path) -> None:
        self.launched = launched
        self.channel = channel
        self._group = group
        self._note = note
        self._hits = group.hits()

    @classmethod
    async def start(cls, ground: Ground, gate: Gate) -> Running:
        """Launch the box, put it in its groups, tell the agent its limits, and open its way out."""
        async with contextlib.AsyncExitStack() as undo:
            group = ground.cgroups.group(ground.name, ground.limits)
            undo.callback(group.remove)
            launched, listener = await launch(ground.start, group.take)
            undo.callback(listener.close)
            undo.push_async_callback(launched.end)
            loop = asyncio.get_running_loop()
            _, channel = await loop.create_connection(Channel, sock=launched.near)
            channel.send(LIMITS, 0, _limit_fields(ground))
            await gate.listen(listener)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(channel.ready), READY_WITHIN)
            if not channel.ready.done() or channel.lost.done():
                raise BoxStartError("The box did not start: its agent could not set the limits or start a shell.")
            undo.pop_all()
        return cls(launched, channel, group, orphans.record(ground.alive, launched.process.pid))

    def group_hit(self, limits: Limits) -> str:
        """The limit that the kernel enforced since the last time this was asked, or ''."""
        before, self._hits = self._hits, self._group.hits()
        names = {
            "memory": f"the box has {limits.memory >> 20} MiB of memory; the kernel ended a process",
            "pids": f"the box may run {limits.processes} processes at a time",
        }
        return next((names[kind] for kind, hits in self._hits.items() if hits > before.get(kind, 0)), "")

    async def end(self) -> None:
        """Kill everything; returns when it is gone."""
        self.channel.close()
        await self.launched.end()
        self._group.remove()
        self._note.unlink(missing_ok=True)


def _limit_fields(ground: Ground) -> bytes:
    limits = ground.limits
    # Without a cgroup each process has the box's whole memory as its limit, and the agent watches their sum.
    counted = "memory" in ground.cgroups.folders
    return fields(
        data=str(0 if counted else limits.memory),
        nproc=str(limits.processes if counts_processes_per_namespace() else 0),
        open_files=str(limits.open_files),
        cpu_seconds=str(limits.cpu_seconds),
        memory=str(limits.memory),
        processes=str(limits.processes),
        disk=str(limits.disk),
        files=str(limits.files),
        output=str(limits.output),
        output_kept=str(limits.output_kept),
    )
