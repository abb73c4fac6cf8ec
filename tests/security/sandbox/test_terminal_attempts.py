"""A terminal of a box as a way out of it, or into another's: what is printed in it, typed to it, and asked of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

import pytest
from msgspec.structs import replace

from proto import boxes, errors, jobs, sandbox
from proto.base import Call, Caller
from proto.jobs import Began, Printed, Resized
from services.gateway.terminal.painting import Painting
from services.runtime.bus import Bus
from services.sandbox.settings import SandboxSettings
from tests.support.boxes import BACKENDS, Place, serving

WITHIN = 60.0
ANSWERS = {
    "its status": r"\033[5n",
    "the place of its cursor": r"\033[6n\033[?6n",
    "what it is": r"\033[c\033[>c\033[=c\033Z",
    "its title": r"\033]0;rm -rf ~\007\033[21t\033[20t",
    "its size": r"\033[18t\033[14t\033[19t",
    "the clipboard": r"\033]52;c;?\007\033]52;c;cm0gLXJmIH4K\007",
    "a setting": r"\033P$qm\033\134\033P$q\042p\033\134\033P+q544e\033\134",
    "a colour": r"\033]4;1;?\007\033]10;?\033\134",
    "who it is": r"\005\033[>q\033[?1$p\033[2$p",
    "keys of its own": r"\033P1;1|17/0a\033\134\033[?2004h\033[200~rm -rf ~\n\033[201~",
}
"""What a program may ask a terminal, whose answer is typed into whatever runs there then."""
FETCH = "python3 -c 'import urllib.request as u; u.urlopen(\"http://example.org:8080/\", timeout=5)' 2>&1 | tail -1"


class Terminal:
    """One terminal, with the screen that a page would show of it."""

    def __init__(self, bus: Bus, caller: Caller, job: jobs.Job) -> None:
        self.bus = bus
        self.caller = caller
        self.job = job

    async def ask(self, call: Call, request, caller: Caller | None = None):
        return await self.bus.call(call, request, caller=caller or self.caller, timeout=WITHIN)

    async def type(self, text: str) -> None:
        await self.ask(jobs.INPUT, jobs.GiveInput(job=self.job.id, text=text))

    async def shows(self, text: str) -> str:
        """Paint what it prints until a text is on the screen; the screen."""
        shown, until = "", time.monotonic() + WITHIN
        while text not in shown:
            shown = await self._screen()
            assert time.monotonic() < until, shown
        return shown

    async def _screen(self) -> str:
        items = await self.bus.feed(jobs.PRINTS).end(_whole, self.caller.user, self.caller.conversation, self.job.id)
        painted = await Painting(self.job).begin([item for item in items if isinstance(item, Printed | Resized)])
        rows = [*painted.back, *(line.row for line in painted.changed)]
        return "\n".join("".join(span.text for span in row.spans).rstrip() for row in rows)


@pytest.fixture(scope="module", params=BACKENDS)
async def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with serving(tmp_path_factory.mktemp("nats"), SandboxSettings(backend=request.param)) as place:
        yield place


@pytest.fixture(scope="module")
async def opened(place: Place) -> AsyncIterator[Callable[[], contextlib.AbstractAsyncContextManager[Terminal]]]:
    """Open a terminal in the one box that the attempts share."""
    ada = Caller(user="ada", conversation="talk")
    async with place.entered(ada) as bus:

        @contextlib.asynccontextmanager
        async def opening() -> AsyncIterator[Terminal]:
            job = (await bus.call(jobs.OPEN, jobs.OpenTerminal(), caller=ada, timeout=WITHIN)).job
            terminal = Terminal(bus, ada, job)
            await terminal.shows("$")
            yield terminal
            with contextlib.suppress(errors.Missing):
                await terminal.ask(jobs.STOP, jobs.StopJob(job=job.id))

        yield opening


async def test_nothing_that_is_printed_makes_anybody_type(opened):
    async with opened() as terminal:
        for number, asked in enumerate(ANSWERS.values()):
            # Whatever answered would be read here, by a program that echoes nothing.
            line = f"printf '{asked}'; read -rs -t 0.2 -n 99 got; echo answered-$((40+{number})):${{#got}}:"
            await terminal.type(f"{line}\n")
            await terminal.shows(f"answered-{40 + number}:0:")


async def test_a_terminal_is_found_by_its_own_conversation_alone(opened):
    async with opened() as terminal:
        mine, job = terminal.caller, terminal.job.id
        strangers = [replace(mine, user="bob"), replace(mine, conversation="other"), replace(mine, user="ada*")]
        for stranger in strangers:
            for name in (job, "*", ">", f"talk.{job}", f"../talk/{job}", job.upper() + " "):
                for call, request in (
                    (jobs.INPUT, {"text": "intruded\n"}),
                    (jobs.RESIZE, {"rows": 1, "columns": 1}),
                    (jobs.STOP, {}),
                    (jobs.OUTPUT, {}),
                ):
                    with pytest.raises((errors.Missing, errors.Invalid)):
                        await terminal.ask(call, call.request(job=name, **request), caller=stranger)
            found = await terminal.bus.feed(jobs.PRINTS).end(_whole, stranger.user, stranger.conversation, job)
            assert found == []
        await terminal.type("echo kept-$((1+1)):$(stty size)\n")
        assert "intruded" not in await terminal.shows("kept-2:24 80")


async def test_a_flood_of_sizes_leaves_the_last_one_and_the_box_answers(opened):
    async with opened() as terminal:
        sizes = [jobs.Resize(job=terminal.job.id, rows=10 + n % 90, columns=20 + n % 300) for n in range(1000)]
        await asyncio.gather(*(terminal.ask(jobs.RESIZE, size) for size in sizes))
        assert (await terminal.ask(sandbox.RUN, sandbox.Run(command="echo well"))).stdout == "well\n"
        await terminal.ask(jobs.RESIZE, jobs.Resize(job=terminal.job.id, rows=30, columns=90))
        await terminal.type("clear; echo size:$(stty size)\n")
        await terminal.shows("size:30 90")


async def test_what_nobody_reads_is_not_kept_and_the_terminal_can_be_used(opened):
    async with opened() as terminal:
        await terminal.type("stty -echo; sleep 600\n")
        for _ in range(40):
            await terminal.type("x" * 60_000)
        assert (await terminal.ask(sandbox.RUN, sandbox.Run(command="echo well"))).stdout == "well\n"
        await terminal.ask(jobs.STOP, jobs.StopJob(job=terminal.job.id))
    async with opened() as another:
        await another.type("echo used-$((1+1))\n")
        await another.shows("used-2")


async def test_a_terminal_reaches_no_more_than_its_box_may_now(opened):
    async with opened() as terminal:
        await terminal.ask(boxes.NETWORK, boxes.SetNetwork(mode="off"))
        await terminal.type(f"{FETCH}; echo tri''ed\n")
        assert "403" in await terminal.shows("tried")
        await terminal.ask(boxes.NETWORK, boxes.SetNetwork(mode="allow-list", hosts=("example.net",)))
        await terminal.type(f"clear; {FETCH}; echo ag''ain\n")
        assert "403" in await terminal.shows("again")


async def test_a_stopped_terminal_takes_nothing_more(opened):
    async with opened() as terminal:
        await terminal.ask(jobs.STOP, jobs.StopJob(job=terminal.job.id))
        async with asyncio.timeout(WITHIN):
            while any(one.state == "running" for one in await _terminals(terminal)):
                pass
        for call, request in ((jobs.INPUT, {"text": "x"}), (jobs.RESIZE, {"rows": 9, "columns": 9}), (jobs.STOP, {})):
            with pytest.raises(errors.Missing):
                await terminal.ask(call, call.request(job=terminal.job.id, **request))


def _whole(items: list[jobs.Item]) -> bool:
    return any(isinstance(item, Began) for item in items)


async def _terminals(terminal: Terminal) -> list[jobs.Job]:
    found = (await terminal.ask(jobs.JOBS, jobs.ListJobs())).jobs
    return [one for one in found if one.id == terminal.job.id]
