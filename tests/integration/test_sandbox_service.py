"""The sandbox service on a real bus with real boxes: a stopped answer stops its command, and what is recorded."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from proto import chat, errors, events, sandbox
from proto.base import Caller
from services.runtime.bus import Bus
from services.sandbox.boxes import Boxes
from services.sandbox.bubblewrap import Bubblewrap
from services.sandbox.exchange import Exchange
from services.sandbox.handlers import Handlers
from services.sandbox.jobs import Jobs
from services.sandbox.main import serve
from services.sandbox.opening import Opening
from services.sandbox.plan import Plan
from services.sandbox.reach import Reach
from services.sandbox.settings import SandboxSettings
from tests.support.running import running

WITHIN = 60.0
PROCESSES = "cat /proc/[0-9]*/comm"


@pytest.fixture
async def cli(open_bus, tmp_path: Path):
    """A client that speaks to a sandbox service."""
    async with running(serve, SandboxSettings(home=str(tmp_path)), await open_bus("sandbox")):
        yield await open_bus("cli")


def calls(llm: Bus, caller: Caller, command: str) -> asyncio.Task[sandbox.CommandResult]:
    request = sandbox.Run(command=command)
    return asyncio.create_task(llm.call(sandbox.RUN, request, caller=caller, timeout=WITHIN))


async def begun(root: Path, name: str) -> None:
    """Wait until a command in a box has made a file."""
    async with asyncio.timeout(WITHIN):
        while not await asyncio.to_thread(lambda: list(root.rglob(name))):
            pass


async def halt(llm: Bus, caller: Caller) -> None:
    await llm.journal.append(events.happened(chat.Halted(turn="t"), replace(caller, actor="user")))


async def test_a_stopped_answer_stops_its_command_and_no_other(cli, open_bus, ada, tmp_path):
    llm = await open_bus("llm")
    model = replace(ada, actor="model", conversation="talk")
    other = replace(model, conversation="other")
    stays = calls(llm, other, "touch other; until [ -e /data/end ]; do sleep 0.1; done; echo whole")
    stopped = calls(llm, model, "touch begun; sleep 30")
    await begun(tmp_path, "begun")
    await begun(tmp_path, "other")
    at = time.monotonic()
    await halt(llm, model)
    with pytest.raises(errors.Refused, match="stopped with the answer"):
        await stopped
    assert time.monotonic() - at < 20
    running_on = (await calls(llm, model, PROCESSES)).stdout.split()
    assert "bash" in running_on
    assert "sleep" not in running_on
    (ran, _) = await cli.journal.read(events.of_noun("sandbox", ada.user))
    assert ran.event.sentence == "Ran `touch begun; sleep 30` in the box: exit code 130"
    assert not stays.done()
    (data,) = [path.parent / "data" for path in tmp_path.rglob("work") if (path / "other").exists()]
    (data / "end").touch()
    assert (await stays).stdout == "whole\n"


@contextlib.asynccontextmanager
async def under_way(bus: Bus, home: Path):
    exchange = Exchange(bus, limit=1000)
    async with Jobs(bus, exchange, home, idle=60) as known:
        yield exchange, known


async def test_a_command_that_ran_but_is_not_recorded_is_said_to_have_run(own_nats, ada, tmp_path):
    boxes = Boxes(tmp_path, Bubblewrap(tmp_path, Plan()))
    async with (
        Bus.open(own_nats.settings("sandbox"), "sandbox") as bus,
        boxes,
        under_way(bus, tmp_path) as (exchange, known),
    ):
        handlers = Handlers(bus.journal, Opening(boxes, exchange, Reach()), exchange, known, grace=WITHIN)
        command = sandbox.Run(command="touch begun; until [ -e /data/end ]; do sleep 0.1; done; (exit 3)")
        ran = asyncio.create_task(handlers.run(command, ada))
        await begun(tmp_path, "begun")
        await own_nats.kill()
        (boxes.root(ada.user, ada.conversation) / "data" / "end").touch()
        with pytest.raises(errors.Unavailable, match="ran and ended with exit code 3, but that could not be recorded"):
            await ran
