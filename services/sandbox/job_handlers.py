"""What can be done to commands that go on by themselves, and terminals; one method a subject."""

from __future__ import annotations

import signal

from proto import errors, events, jobs
from proto.base import Caller, Nothing
from proto.jobs import Job, JobEnded, JobReply, JobStarted
from proto.kinds import happening
from services.runtime.bus import Bus
from services.sandbox.box import Order
from services.sandbox.jobs import Jobs, Live
from services.sandbox.opening import Opening

KEPT = 20
"""Jobs that are over and still listed."""
LONGEST = 86_400.0


class JobHandlers:
    """One method a subject."""

    def __init__(self, bus: Bus, opening: Opening, under_way: Jobs) -> None:
        self._bus = bus
        self._opening = opening
        self._jobs = under_way

    async def listed(self, _: jobs.ListJobs, caller: Caller) -> jobs.JobList:
        """List the jobs of the caller's conversation."""
        live = [one.told() for one in self._jobs.at(caller.user, caller.conversation) if one.apart]
        known = {job.id for job in live}
        found = [job for job in await self._recorded(caller) if job.id not in known]
        listed = tuple(sorted([*found[-KEPT:], *live], key=lambda job: job.started))
        return jobs.JobList(jobs=listed, sentence=_listing(listed))

    async def output(self, request: jobs.ReadOutput, caller: Caller) -> jobs.Output:
        """Read what a job printed, from an offset on."""
        job = await self._job(caller, request.job)
        items = await self._around(caller, request)
        printed = [item for item in items if isinstance(item, jobs.Printed)]
        texts = {"out": "", "err": ""}
        place, end = request.offset, request.offset + request.limit
        for item in printed:
            part = item.text[max(0, request.offset - item.offset) : max(0, end - item.offset)]
            if part:
                texts[item.stream] += part
                place = min(end, item.offset + len(item.text))
        return jobs.Output(
            job=job,
            stdout=texts["out"],
            stderr=texts["err"],
            next=place,
            more=place < _printed_to(items),
            sentence=_cut(await self._bus.feed(jobs.PRINTS).last(caller.user, caller.conversation, request.job)),
        )

    async def _around(self, caller: Caller, request: jobs.ReadOutput) -> list[jobs.Item]:
        """What was printed around an offset; of a job that printed much not all of it."""
        feed, names = self._bus.feed(jobs.PRINTS), (caller.user, caller.conversation, request.job)
        if request.offset == 0:
            return await feed.begin(lambda items: _printed_to(items) > request.limit, *names)
        return await feed.end(lambda items: _printed_from(items) <= request.offset, *names)

    async def stop(self, request: jobs.StopJob, caller: Caller) -> JobReply:
        """Stop a job, or signal it."""
        live = self._jobs.find(caller, request.job)
        if request.signal is None:
            live.stopped = True
            live.work.stop()
        else:
            live.stopped = request.signal in ("INT", "TERM", "KILL", "HUP", "QUIT")
            live.work.signal(signal.Signals[f"SIG{request.signal}"])
        happened = jobs.JobSignalled(job=live.id, signal=request.signal or "TERM")
        await self._bus.journal.append(events.happened(happened, caller))
        return JobReply(job=live.told(), sentence=happened.sentence())

    async def input(self, request: jobs.GiveInput, caller: Caller) -> JobReply:
        """Type something to a job."""
        live = self._jobs.find(caller, request.job)
        if not (live.order.input or live.terminal):
            raise errors.Invalid(f"Job {live.id} reads nothing: run it with `input` or `terminal` to type to it.")
        await self._type(live, request, caller)
        return JobReply(job=live.told())

    async def open(self, request: jobs.OpenTerminal, caller: Caller) -> JobReply:
        """Open a terminal."""
        box = await self._opening.box(caller)
        order = Order(command="", timeout=LONGEST, kind="terminal", rows=request.rows, columns=request.columns)
        live = await self._jobs.begin(box, order, caller)
        await self._jobs.go_on(live)
        return JobReply(job=live.told(), sentence=f"The terminal {live.id} is open.")

    async def resize(self, request: jobs.Resize, caller: Caller) -> Nothing:
        """Change the size of a terminal."""
        self._jobs.find(caller, request.job).resize(request.rows, request.columns)
        return Nothing()

    async def _type(self, live: Live, request: jobs.GiveInput, caller: Caller) -> None:
        live.touch()
        if live.work.behind:
            raise errors.Unavailable("The box does not take what is typed to it; wait a moment, or stop the job.")
        if request.text:
            live.work.input(request.text.encode())
        if request.end:
            live.work.input(b"\x04" if live.terminal else b"")
        # What is typed in a terminal is told line by line by its shell.
        if not live.terminal:
            happened = jobs.JobFed(job=live.id, characters=len(request.text))
            await self._bus.journal.append(events.happened(happened, caller))

    async def _job(self, caller: Caller, job: str) -> Job:
        for one in self._jobs.at(caller.user, caller.conversation):
            if one.id == job:
                return one.told()
        for known in await self._recorded(caller):
            if known.id == job:
                return known
        raise errors.Missing(f"There is no job {job} in this conversation; sandbox.jobs lists them.")

    async def _recorded(self, caller: Caller) -> list[Job]:
        """The jobs of a conversation as the log has them."""
        found: dict[str, Job] = {}
        for recorded in await self._bus.journal.read(
            events.in_conversation(caller.user, caller.conversation or events.NO_CONVERSATION, "job")
        ):
            event, what = recorded.event, happening(recorded.event)
            if isinstance(what, JobStarted):
                kind: jobs.Kind = "terminal" if what.terminal else "command"
                found[what.job] = Job(
                    id=what.job, command=what.command, state="running", kind=kind, started=event.time, seconds=0
                )
            elif isinstance(what, JobEnded) and what.job in found:
                found[what.job] = _over(found[what.job], what)
        return list(found.values())


def _over(job: Job, end: JobEnded) -> Job:
    return Job(
        id=job.id,
        command=job.command,
        state=end.state,
        kind=job.kind,
        started=job.started,
        seconds=end.seconds,
        exit_code=end.exit_code,
    )


def _printed_to(items: list[jobs.Item]) -> int:
    return next((each.offset + len(each.text) for each in reversed(items) if isinstance(each, jobs.Printed)), 0)


def _printed_from(items: list[jobs.Item]) -> int:
    return next((each.offset for each in items if isinstance(each, jobs.Printed)), jobs.OUTPUT_LIMIT)


def _cut(last: jobs.Item | None) -> str:
    if isinstance(last, jobs.Over) and last.cut:
        return "It printed more than is kept here; the whole is in a file below ~/.output."
    return ""


def _listing(listed: tuple[Job, ...]) -> str:
    if not listed:
        return "No job runs in this box, and none ran before."
    running = sum(job.state == "running" for job in listed)
    return f"{running} running, {len(listed) - running} over."
