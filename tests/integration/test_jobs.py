"""Commands that go on by themselves in real boxes: several at a time, followed, typed to, stopped, and never lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from proto import errors, events, jobs, sandbox
from proto.kinds import happening
from services.llm.turns.context import Lookout
from services.runtime.bus import Bus
from services.sandbox.main import serve
from services.sandbox.settings import SandboxSettings
from tests.support.boxes import BACKENDS, Place, once, serving
from tests.support.running import running

WITHIN = 60.0
GRACE = 0.5
COUNTING = """
import signal, time
signal.signal(signal.SIGUSR1, lambda *_: print('heard', flush=True))
print('ready', flush=True)
while True:
    time.sleep(1)
"""


class Desk:
    """Somebody who works in one conversation's box."""

    def __init__(self, bus: Bus, caller) -> None:
        self.bus = bus
        self.caller = caller

    async def ask(self, call, request):
        return await self.bus.call(call, request, caller=self.caller, timeout=WITHIN)

    async def run(self, command: str, **options) -> sandbox.CommandResult:
        return await self.ask(sandbox.RUN, sandbox.Run(command=command, **options))

    async def stop(self, job: str, name: str | None = None) -> jobs.JobReply:
        return await self.ask(jobs.STOP, jobs.StopJob(job=job, signal=name))

    async def type(self, job: str, text: str = "", *, end: bool = False) -> None:
        await self.ask(jobs.INPUT, jobs.GiveInput(job=job, text=text, end=end))

    async def listed(self) -> dict[str, jobs.Job]:
        return {job.id: job for job in (await self.ask(jobs.JOBS, jobs.ListJobs())).jobs}

    async def output(self, job: str, offset: int = 0) -> jobs.Output:
        return await self.ask(jobs.OUTPUT, jobs.ReadOutput(job=job, offset=offset))

    async def ended(self, job: str) -> jobs.JobEnded:
        """Wait for the event of a job's end."""
        async with asyncio.timeout(WITHIN):
            while True:
                for recorded in await self.bus.journal.read(events.of_noun("job", self.caller.user)):
                    what = happening(recorded.event)
                    if isinstance(what, jobs.JobEnded) and what.job == job:
                        return what

    @contextlib.asynccontextmanager
    async def following(self):
        """Follow all that is printed in the conversation."""
        names = self.caller.user, self.caller.conversation
        async with self.bus.feed(jobs.PRINTS).follow(*names) as live:
            yield live


async def until(live, job: str, text: str) -> str:
    """Read a job's feed until it has shown a text."""
    seen = ""
    async with asyncio.timeout(WITHIN):
        while text not in seen:
            (_, _, name), item = await live.next()
            if name == job and isinstance(item, jobs.Printed):
                assert item.offset == len(seen), "nothing is missing and nothing is doubled"
                seen += item.text
    return seen


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """What holds the boxes."""
    return str(request.param)


@pytest.fixture(scope="module")
async def place(backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with serving(tmp_path_factory.mktemp("nats"), SandboxSettings(backend=backend, grace=GRACE)) as place:
        yield place


@pytest.fixture
async def desk(place: Place, ada):
    async with place.entered(ada) as bus:
        yield Desk(bus, replace(ada, conversation="talk"))


async def test_a_command_that_takes_long_goes_on_and_its_end_is_told(desk):
    ran = await desk.run("echo begun; until [ -e $BOX_DATA/end ]; do sleep 0.05; done; echo over; (exit 3)")
    assert (ran.exit_code, ran.stdout) == (None, "begun\n")
    assert f"job {ran.job}" in ran.note
    assert (await desk.listed())[ran.job].state == "running"
    await desk.run("touch $BOX_DATA/end")
    end = await desk.ended(ran.job)
    assert (end.state, end.exit_code, end.excerpt) == ("done", 3, "begun\nover\n")
    assert (await desk.listed())[ran.job].exit_code == 3


async def test_a_job_is_named_after_the_key_of_its_call_and_no_two_are_named_alike(desk):
    caller = replace(desk.caller, key="turn/1/0")
    run = sandbox.Run(command="echo here; sleep 60", background=True)
    first, second = [await desk.bus.call(sandbox.RUN, run, caller=caller, timeout=WITHIN) for _ in range(2)]
    assert first.job == jobs.job_of("turn/1/0")
    assert first.job != second.job
    for job in (first.job, second.job):
        await desk.stop(job)


async def test_the_shell_is_free_meanwhile_and_knows_what_it_knew(desk):
    await desk.run("cd /tmp; export COLOUR=red; number=7; greet() { echo hello $1; }; set -o pipefail; alias a=b")
    job = (await desk.run("sleep 60")).job
    ran = await desk.run("pwd; echo $COLOUR $number; greet you; set -o | grep pipefail; bash -c 'echo $COLOUR'")
    assert ran.stdout.split() == ["/tmp", "red", "7", "hello", "you", "pipefail", "on", "red"]
    assert ran.note == ""
    await desk.stop(job)


async def test_several_jobs_run_side_by_side_and_each_prints_into_its_own_feed(desk):
    async with desk.following() as live:
        begun = [await desk.run(f"echo I am {name}; sleep 60", background=True) for name in ("one", "two", "three")]
        assert len({ran.job for ran in begun}) == 3
        assert await until(live, begun[2].job, "three\n") == "I am three\n"
    for ran, name in zip(begun, ("one", "two", "three"), strict=True):
        await until_printed(desk, ran.job, len(f"I am {name}\n"))
    assert [(await desk.output(ran.job)).stdout for ran in begun] == ["I am one\n", "I am two\n", "I am three\n"]
    for ran in begun:
        await desk.stop(ran.job)
    assert {(await desk.ended(ran.job)).state for ran in begun} == {"stopped"}


async def test_stdout_and_stderr_are_read_apart_and_from_an_offset_on(desk):
    job = (await desk.run("echo out; echo err >&2; sleep 60", background=True)).job
    await until_printed(desk, job, 8)
    read = await desk.output(job)
    assert (read.stdout, read.stderr, read.next, read.more) == ("out\n", "err\n", 8, False)
    rest = await desk.ask(jobs.OUTPUT, jobs.ReadOutput(job=job, offset=1, limit=2))
    assert (rest.stdout + rest.stderr in ("ut", "rr"), rest.next, rest.more) == (True, 3, True)
    assert (await desk.output(job, offset=8)).next == 8
    await desk.stop(job)


async def test_what_a_job_printed_that_was_over_at_once_is_read_all_the_same(desk):
    job = (await desk.run("echo out; echo err >&2", background=True)).job
    await desk.ended(job)
    read = await desk.output(job)
    assert (read.stdout, read.stderr) == ("out\n", "err\n")


async def until_printed(desk, job: str, size: int) -> None:
    async with asyncio.timeout(WITHIN):
        while (await desk.output(job)).next < size:
            pass


async def test_a_job_that_ignores_being_asked_is_ended_all_the_same(desk):
    job = (await desk.run("trap '' TERM INT HUP; while :; do sleep 0.1; done", background=True)).job
    await desk.stop(job)
    end = await desk.ended(job)
    assert (end.state, end.exit_code) == ("stopped", 124)
    assert (await desk.run("echo well")).stdout == "well\n"


async def test_a_signal_reaches_the_processes_of_the_job_alone(desk):
    counting = f'python3 -c "{COUNTING}"'
    first = (await desk.run(counting, background=True)).job
    second = (await desk.run(counting, background=True)).job
    for job in (first, second):
        await until_printed(desk, job, len("ready\n"))
    await desk.stop(first, "USR1")
    await until_printed(desk, first, len("ready\nheard\n"))
    assert (await desk.output(second)).stdout == "ready\n"


async def test_a_job_with_input_reads_what_is_typed_until_its_end(desk):
    job = (await desk.run("while read -r line; do echo got $line; done; echo over", input=True)).job
    await desk.type(job, "one\ntwo\n")
    await until_printed(desk, job, len("got one\ngot two\n"))
    await desk.type(job, "three", end=True)
    assert (await desk.ended(job)).excerpt == "got one\ngot two\nover\n"
    fed = [each.event.sentence for each in await desk.bus.journal.read(events.of_noun("job", desk.caller.user))]
    assert f"Typed 8 characters to job {job}" in fed
    assert not any("one" in sentence for sentence in fed if sentence.startswith("Typed"))


async def test_a_command_without_input_reads_an_end_and_does_not_hang(desk):
    assert (await desk.run("cat; echo over")).stdout == "over\n"
    job = (await desk.run("sleep 60", background=True)).job
    with pytest.raises(errors.Invalid, match="reads nothing"):
        await desk.type(job, "x")


async def test_a_program_that_wants_a_screen_gets_one(desk):
    job = (await desk.run("python3 -q", terminal=True)).job
    async with desk.following() as live:
        await desk.type(job, "import os; print(os.isatty(0), os.get_terminal_size())\n")
        assert "True os.terminal_size(columns=80, lines=24)" in await shown(live, job, "lines=24")
        await desk.ask(jobs.RESIZE, jobs.Resize(job=job, rows=50, columns=132))
        await desk.type(job, "print(os.get_terminal_size())\n")
        assert "columns=132, lines=50" in await shown(live, job, "lines=50")
        await desk.type(job, "exit(4)\n")
    assert (await desk.ended(job)).exit_code == 4


async def shown(live, job: str, text: str) -> str:
    """What a screen showed from now on, until a text."""
    seen = ""
    async with asyncio.timeout(WITHIN):
        while text not in seen:
            (_, _, name), item = await live.next()
            if name == job and isinstance(item, jobs.Printed):
                seen += item.text
    return seen


async def test_a_terminal_is_the_same_box_and_what_is_typed_there_is_an_event(desk):
    await desk.run("cd /tmp; export COLOUR=red")
    async with desk.following() as live:
        terminal = (await desk.ask(jobs.OPEN, jobs.OpenTerminal(rows=30, columns=100))).job
        assert terminal.kind == "terminal"
        await desk.type(terminal.id, "echo $COLOUR-$PWD; tty > $BOX_DATA/tty; stty size\n")
        assert "red-/tmp" in await shown(live, terminal.id, "30 100")
        await desk.type(terminal.id, "false\n")
        await desk.type(terminal.id, " echo hid''den\n")
        await shown(live, terminal.id, "hidden")
        await desk.type(terminal.id, "exit 5\n")
    assert (await desk.ended(terminal.id)).exit_code == 5
    assert (await desk.run("cat $BOX_DATA/tty")).stdout.startswith("/dev/pts/")
    typed = [happening(each.event) for each in await desk.bus.journal.read(events.of_noun("sandbox", desk.caller.user))]
    assert [(ran.command, ran.exit_code) for ran in typed if ran.where == "terminal"] == [
        ("echo $COLOUR-$PWD; tty > $BOX_DATA/tty; stty size", 0),
        ("false", 1),
    ]


async def test_ctrl_c_in_a_terminal_ends_what_runs_there_and_no_more(desk):
    async with desk.following() as live:
        terminal = (await desk.ask(jobs.OPEN, jobs.OpenTerminal())).job.id
        await desk.type(terminal, "echo read''y; sleep 100\n")
        await shown(live, terminal, "ready")
        await desk.type(terminal, "\x03")
        await desk.type(terminal, "echo still $((40 + 2))\n")
        await shown(live, terminal, "still 42")
    await desk.stop(terminal)
    assert (await desk.ended(terminal)).state == "stopped"


@once
async def test_a_flood_on_a_screen_comes_whole_and_in_order(desk):
    async with desk.following() as live:
        terminal = (await desk.ask(jobs.OPEN, jobs.OpenTerminal())).job.id
        await desk.type(terminal, "seq 200000; echo do''ne\n")
        seen = await shown(live, terminal, "done")
    numbers = [int(number) for number in re.findall(r"(\d+)\r\n", seen)]
    assert numbers == list(range(1, 200_001))
    await desk.stop(terminal)


async def test_jobs_of_a_dead_service_are_said_to_be_lost_and_files_stay(nats_server, open_bus, ada, tmp_path):
    settings = SandboxSettings(home=str(tmp_path), grace=GRACE)
    desk = Desk(await open_bus("cli"), replace(ada, conversation="talk"))
    async with Bus.open(nats_server.settings("sandbox"), "sandbox") as bus, running(serve, settings, bus):
        job = (await desk.run("echo kept > $BOX_DATA/kept; sleep 100")).job
    async with Bus.open(nats_server.settings("sandbox"), "sandbox") as bus, running(serve, settings, bus):
        end = await desk.ended(job)
        assert (end.state, end.exit_code) == ("lost", None)
        assert end.sentence() == f"Job {job} (`echo kept > $BOX_DATA/kept; sleep 100`) was lost with its box"
        ran = await desk.run("cat $BOX_DATA/kept")
        assert ran.stdout == "kept\n"
        assert "processes are lost" in ran.note
        assert (await desk.listed())[job].state == "lost"


@once
async def test_a_box_that_dies_takes_its_jobs_with_it_and_says_so(desk, place):
    job = (await desk.run("sleep 100", background=True)).job
    (note,) = (place.home / "alive").iterdir()
    os.kill(int(note.name), signal.SIGKILL)
    assert (await desk.ended(job)).state == "lost"
    assert (await desk.run("echo again")).stdout == "again\n"


async def test_whoever_waits_only_shortly_is_told_the_job(nats_server, open_bus, ada, tmp_path):
    settings = SandboxSettings(home=str(tmp_path), grace=WITHIN)
    desk = Desk(await open_bus("cli"), replace(ada, conversation="talk"))
    async with Bus.open(nats_server.settings("sandbox"), "sandbox") as bus, running(serve, settings, bus):
        await desk.run("true")
        request = sandbox.Run(command="echo begun; sleep 7; echo done > $BOX_DATA/done; sleep 100")
        ran = await desk.bus.call(sandbox.RUN, request, caller=desk.caller, timeout=5)
        assert (ran.exit_code, ran.stdout) == (None, "begun\n")
        assert list(await desk.listed()) == [ran.job]
        await until_there(desk)
        await desk.stop(ran.job)


async def test_each_service_says_only_of_its_own_boxes_that_jobs_are_lost(nats_server, open_bus, ada, tmp_path):
    desk = Desk(await open_bus("cli"), replace(ada, conversation="talk"))
    mine, other = (SandboxSettings(home=str(tmp_path / name), grace=GRACE) for name in ("mine", "other"))
    async with Bus.open(nats_server.settings("sandbox"), "sandbox") as bus, running(serve, mine, bus):
        job = (await desk.run("sleep 100", background=True)).job
    async with Bus.open(nats_server.settings("sandbox"), "sandbox") as bus, running(serve, other, bus):
        await desk.run("true")
        assert (await desk.listed())[job].state == "running"
    async with Bus.open(nats_server.settings("sandbox"), "sandbox") as bus, running(serve, mine, bus):
        assert (await desk.ended(job)).state == "lost"
    async with Bus.open(nats_server.settings("sandbox"), "sandbox") as bus, running(serve, mine, bus):
        await desk.run("true")
    found = await desk.bus.journal.read(events.of_noun("job", ada.user))
    assert [each.event.kind for each in found] == ["job.started", "job.ended"]


async def test_two_services_over_the_same_boxes_leave_each_others_jobs_alone(nats_server, open_bus, ada, tmp_path):
    desk = Desk(await open_bus("cli"), replace(ada, conversation="talk"))
    settings = SandboxSettings(home=str(tmp_path), grace=GRACE)
    async with Bus.open(nats_server.settings("sandbox"), "sandbox") as bus, running(serve, settings, bus):
        job = (await desk.run("sleep 100")).job
        async with Bus.open(nats_server.settings("sandbox"), "sandbox") as second, running(serve, settings, second):
            assert (await desk.listed())[job].state == "running"
        found = await desk.bus.journal.read(events.of_noun("job", ada.user))
        assert [each.event.kind for each in found] == ["job.started"]


async def until_there(desk) -> None:
    async with asyncio.timeout(WITHIN):
        while (await desk.run("cat $BOX_DATA/done")).stdout != "done\n":
            pass


async def test_nobody_reaches_the_job_of_another(desk):
    job = (await desk.run("echo secret; sleep 100", background=True)).job
    await until_printed(desk, job, 7)
    strangers = [replace(desk.caller, user="bob"), replace(desk.caller, conversation="other")]
    forged = [
        (jobs.OUTPUT, jobs.ReadOutput(job=job)),
        (jobs.STOP, jobs.StopJob(job=job)),
        (jobs.INPUT, jobs.GiveInput(job=job, text="x")),
        (jobs.RESIZE, jobs.Resize(job=job, rows=1, columns=1)),
    ]
    for stranger in strangers:
        for call, request in forged:
            with pytest.raises(errors.Missing):
                await desk.bus.call(call, request, caller=stranger, timeout=WITHIN)
        assert (await desk.bus.call(jobs.JOBS, jobs.ListJobs(), caller=stranger)).jobs == ()
    for name in ("*", ">", f"{job}.x", "../x"):
        with pytest.raises(errors.Missing):
            await desk.output(name)
    assert (await desk.listed())[job].state == "running"


@once
async def test_no_more_jobs_than_the_box_may_have(desk):
    for _ in range(20):
        await desk.run("sleep 100", background=True)
    with pytest.raises(errors.Refused, match="stop some of them first"):
        await desk.run("sleep 100", background=True)


@once
async def test_binary_and_endless_lines_do_no_harm(desk):
    flood = "head -c 3000000 /dev/urandom; head -c 12000000 /dev/zero | tr '\\0' x; sleep 0.2"
    job = (await desk.run(flood, background=True)).job
    end = await desk.ended(job)
    assert end.exit_code == 0
    read = await desk.output(job)
    assert read.more
    assert "the whole is in a file" in read.sentence
    assert (await desk.run("ls -s /home/box/.output | tail -1")).exit_code == 0


async def test_a_fork_storm_in_a_job_leaves_the_box_usable(desk):
    job = (await desk.run("bomb() { bomb | bomb & }; bomb", background=True)).job
    await desk.ended(job)
    async with asyncio.timeout(WITHIN):
        while (await desk.run("echo well")).stdout != "well\n":
            pass


@once
async def test_the_end_of_a_job_is_told_to_the_next_turn(desk, place):
    job = (await desk.run("echo found it; (exit 3)", background=True)).job
    await desk.ended(job)
    told = f"Job {job} (`echo found it; (exit 3)`) ended with exit code 3"
    async with Bus.open(place.server.settings("llm"), "llm") as llm:

        async def newest() -> int:
            return (await llm.journal.last(events.of_user(desk.caller.user))).sequence

        known = await Lookout(llm).surroundings(desk.caller, newest())
    assert any(told in recent.sentence for recent in known.recent)
