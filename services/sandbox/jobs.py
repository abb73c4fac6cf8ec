"""The commands that are under way in all boxes, those that go on by themselves among them, and their end."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections import defaultdict, deque
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from msgspec.structs import replace

from proto import errors, events, jobs, sandbox
from proto.base import Caller
from proto.events import Happening
from proto.jobs import JobEnded, JobStarted
from proto.kinds import happening
from services.runtime.bus import Bus
from services.sandbox.airing import Airing
from services.sandbox.box import Box, Order
from services.sandbox.exchange import Exchange
from services.sandbox.open_jobs import OpenJobs
from services.sandbox.output import Ran
from services.sandbox.work import Work

MOST = 20
"""Commands under way in one box at a time."""
ROUND = 30.0
AGAIN = 1.0
EXCERPT = 2000
NAMES = 1000
"""Commands of lately whose names are not given again."""
STOPPED, KILLED = 130, 137
"""Exit codes as a shell has them, after Ctrl-C and after SIGKILL."""


class Live:
    """A command under way."""

    def __init__(self, name: str, order: Order, caller: Caller, box: Box) -> None:
        self.id = name
        self.order = order
        self.caller = caller
        self.box = box
        self.apart = False
        """It goes on by itself."""
        self.stopped = False
        self.forgotten = False
        """Nothing more is recorded of it."""
        self.started = datetime.now(UTC)
        self.size = (order.rows, order.columns)
        """Rows and columns of its screen."""
        self.touched = time.monotonic()
        """When somebody last typed."""
        self.typed: asyncio.Queue[str] = asyncio.Queue()
        self.airing: Airing
        self.work: Work

    @property
    def terminal(self) -> bool:
        """Whether it has a screen."""
        return self.order.kind == "terminal"

    def touch(self) -> None:
        """Somebody is there."""
        self.touched = time.monotonic()

    def resize(self, rows: int, columns: int) -> None:
        """Give its screen another size."""
        self.touch()
        if (rows, columns) != self.size:
            self.size = (rows, columns)
            self.work.resize(rows, columns)
            self.airing.resize(rows, columns)

    def heard(self, stream: Literal["out", "err", "typed"], text: str) -> None:
        """Take what it prints, and what was typed in it."""
        if stream == "typed":
            self.typed.put_nowait(text)
        else:
            self.airing.take(stream, text)

    def told(self) -> jobs.Job:
        """What is told of it."""
        rows, columns = self.size if self.terminal else (0, 0)
        return jobs.Job(
            id=self.id,
            command=self.order.command,
            state="running",
            kind="terminal" if self.terminal else "command",
            started=self.started,
            seconds=round((datetime.now(UTC) - self.started).total_seconds(), 3),
            rows=rows,
            columns=columns,
        )


class Jobs:
    """Begins commands, lets them go on, and records their end."""

    def __init__(self, bus: Bus, exchange: Exchange, home: Path, *, idle: float) -> None:
        """`home` is where the boxes lie; `idle` the seconds after which a terminal is closed in which nobody types."""
        self._bus = bus
        self._prints = bus.feed(jobs.PRINTS)
        self.exchange = exchange
        self._open = OpenJobs(home / "jobs")
        self._idle = idle
        self._live: defaultdict[tuple[str, str], dict[str, Live]] = defaultdict(dict)
        self._named: deque[str] = deque(maxlen=NAMES)
        self._tasks = asyncio.TaskGroup()
        self._seen_off: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for live in [live for place in self._live.values() for live in place.values()]:
            live.airing.end(KILLED, "The sandbox was stopped.")
        for task in self._seen_off:
            task.cancel()
        try:
            await self._tasks.__aexit__(kind, error, trace)
        finally:
            self._open.close()

    async def declare_lost(self) -> None:
        """Record the end of the jobs that services of this machine took with them."""
        for left in self._open.left():
            caller = Caller(user=left.user, actor="system", conversation=left.conversation, cause=left.event)
            began = left.began
            if not await self._has_ended(caller, began.job):
                lost = JobEnded(job=began.job, command=began.command, state="lost", terminal=began.terminal)
                await self._bus.journal.append(events.happened(lost, caller))

    async def _has_ended(self, caller: Caller, job: str) -> bool:
        """Whether the service was killed after it had recorded the end, and before it forgot the job."""
        place = caller.conversation or events.NO_CONVERSATION
        found = await self._bus.journal.read(events.in_conversation(caller.user, place, "job"))
        ends = (happening(each.event) for each in found)
        return any(isinstance(what, JobEnded) and what.job == job for what in ends)

    async def begin(self, box: Box, order: Order, caller: Caller) -> Live:
        """Begin a command; Refused when the box has too many."""
        place = caller.user, caller.conversation
        if len(self._live.get(place, ())) >= MOST:
            raise errors.Refused(f"{MOST} commands run in this box already; stop some of them first.")
        live = Live(self._name(caller), order, caller, box)
        self._live[place][live.id] = live
        append = self._prints.at(caller.user, caller.conversation, live.id)
        kind: jobs.Kind = "terminal" if live.terminal else "command"
        with contextlib.ExitStack() as unless_begun:
            unless_begun.callback(self._forget, live)
            live.work = await box.begin(order, live.heard)
            unless_begun.pop_all()
        live.airing = Airing(append, order.command, kind, live.work.grant)
        live.airing.begin(self._tasks)
        return live

    def _name(self, caller: Caller) -> str:
        """The name that its caller expects; another one where a call runs several commands."""
        expected = jobs.job_of(caller.key)
        name = expected if caller.key and expected not in self._named else secrets.token_hex(5)
        self._named.append(name)
        return name

    async def over(self, live: Live) -> Ran:
        """Wait for the end of a command that does not go on by itself."""
        try:
            ran = await live.work.ran
            live.airing.end(ran.exit_code, f"{ran.limit} {ran.note}".strip())
        finally:
            live.airing.end(STOPPED, "It was stopped.")
            self._forget(live)
        return ran

    async def go_on(self, live: Live) -> None:
        """Let a command go on by itself."""
        live.apart = True
        live.airing.begin_now()
        await live.work.set_apart()
        started = JobStarted(job=live.id, command=live.order.command, terminal=live.terminal)
        event = events.happened(started, live.caller)
        self._open.note(event, started)
        task = self._tasks.create_task(self._see_off(live, event.id))
        self._seen_off.add(task)
        task.add_done_callback(self._seen_off.discard)
        await self._bus.journal.append(event)

    def find(self, caller: Caller, job: str) -> Live:
        """A command under way in the caller's conversation."""
        live = self._live.get((caller.user, caller.conversation), {}).get(job)
        if live is None:
            raise errors.Missing(f"No job {job} is running in this conversation; sandbox.jobs lists them.")
        return live

    def at(self, user: str, conversation: str) -> list[Live]:
        """What is under way in a conversation."""
        return list(self._live.get((user, conversation), {}).values())

    def forget(self, user: str, conversation: str = "") -> None:
        """Record nothing more of what is under way in a conversation, or in any of a user."""
        for (owner, place), there in self._live.items():
            if owner == user and conversation in ("", place):
                for live in there.values():
                    live.forgotten = True
                    self._open.forget(live.id)

    def _forget(self, live: Live) -> None:
        place = live.caller.user, live.caller.conversation
        self._live[place].pop(live.id, None)
        if not self._live[place]:
            del self._live[place]

    async def _see_off(self, live: Live, cause: str) -> None:
        """Wait for the end of a job, and record it."""
        typing = asyncio.create_task(self._record_typed(live))
        try:
            while not live.work.ran.done():
                await asyncio.wait([live.work.ran], timeout=ROUND)
                if live.terminal and time.monotonic() - live.touched > self._idle:
                    live.work.stop()
            ran = live.work.ran.result()
        finally:
            typing.cancel()
            self._forget(live)
        live.airing.end(ran.exit_code, f"{ran.limit} {ran.note}".strip())
        await live.airing.written()
        if live.forgotten:
            return
        while not live.typed.empty():
            await self._record(_typed(live.typed.get_nowait()), live.caller)
        with contextlib.suppress(errors.Failure):
            await self.exchange.fetch(live.box.root, live.caller)
        await self._record(_ended(live, ran), replace(live.caller, actor="system", cause=cause, key=""))
        self._open.forget(live.id)

    async def _record_typed(self, live: Live) -> None:
        while True:
            await self._record(_typed(await live.typed.get()), live.caller)

    async def _record(self, what: Happening, caller: Caller) -> None:
        """Record something that nobody waits for, however long the log is away."""
        event = events.happened(what, replace(caller, key=""))
        while True:
            try:
                await self._bus.journal.append(event)
            except errors.Unavailable:
                await asyncio.sleep(AGAIN)
            else:
                return


def _typed(line: str) -> sandbox.CommandRan:
    code, _, command = line.partition(" ")
    return sandbox.CommandRan(
        command=command, exit_code=int(code) if code.isdigit() else 0, seconds=0.0, where="terminal"
    )


def _ended(live: Live, ran: Ran) -> JobEnded:
    return JobEnded(
        job=live.id,
        command=live.order.command,
        state="lost" if ran.lost else "stopped" if live.stopped else "done",
        exit_code=None if ran.lost else ran.exit_code,
        seconds=round(ran.seconds, 3),
        excerpt="" if live.terminal else f"{ran.stdout}{ran.stderr}"[-EXCERPT:],
        terminal=live.terminal,
    )
