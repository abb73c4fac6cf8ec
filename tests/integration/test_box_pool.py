"""Boxes that are kept ready: given away once, made again in the background, never left over."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from services.sandbox.box import Backend
from services.sandbox.boxes import Boxes
from services.sandbox.plan import Plan
from services.sandbox.shellbox import ShellBox
from tests.support.boxes import SMALL, gone, open_home, working

PLAN = Plan(limits=SMALL, warm=2)
AGE = "echo $(cut -d' ' -f1 /proc/uptime) $(cut -d' ' -f22 /proc/1/stat)"
"""What the clock shows, and what it showed when the box began."""


@pytest.fixture(params=["bwrap", "docker"])
async def backend(request: pytest.FixtureRequest):
    """A backend that keeps two boxes ready."""
    with open_home() as home:
        async with working(request.param, home, PLAN) as backend:
            yield backend


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.to_thread(time.sleep, 0.01)


async def said(box: ShellBox, command: str) -> str:
    ran = await box.run(command, timeout=20)
    assert ran.exit_code == 0, ran
    return ran.stdout


async def test_a_box_that_was_kept_ready_becomes_a_conversations_own_with_what_lies_there(backend: Backend):
    async with Boxes(backend.home, backend) as boxes:
        await until(lambda: backend.ready == 2)
        root = boxes.root("ada", "talk")
        (root / "data").mkdir(parents=True)
        (root / "data" / "upload").write_text("hello")
        (root / "noted").write_text("the service's own")
        asked = time.monotonic()
        box = await boxes.box("ada", "talk")
        up, ticks = (await said(box, AGE)).split()
        age = float(up) - int(ticks) / os.sysconf("SC_CLK_TCK")
        assert age > time.monotonic() - asked, "it was there before anybody asked"
        assert await said(box, "cat /data/upload; echo kept > ~/file") == "hello"
        assert (root / "work" / "file").read_text() == "kept\n"
        assert (root / "noted").exists()
        await until(lambda: backend.ready == 2)


async def test_two_conversations_never_get_the_same_one(backend: Backend):
    async with Boxes(backend.home, backend) as boxes:
        await until(lambda: backend.ready == 2)
        one, two, three = await asyncio.gather(*(boxes.box("ada", name) for name in ("one", "two", "three")))
        for box in (one, two, three):
            assert await said(box, "ls -A ~; touch ~/mine") == ""
        assert len({one.agent, two.agent, three.agent}) == 3


async def test_a_box_that_died_waiting_is_given_to_nobody(backend: Backend):
    async with Boxes(backend.home, backend) as boxes:
        await until(lambda: backend.ready == 2)
        dead = backend._pool._ready[0].started.agent
        os.kill(dead, signal.SIGKILL)
        await gone(dead)
        box = await boxes.box("ada", "talk")
        assert box.agent != dead
        assert await said(box, "echo works") == "works\n"


async def test_one_that_is_taken_and_then_lost_starts_anew_over_its_own_files(backend: Backend):
    async with Boxes(backend.home, backend) as boxes:
        await until(lambda: backend.ready == 2)
        box = await boxes.box("ada", "talk")
        await said(box, "echo kept > ~/file")
        os.kill(box.agent, signal.SIGKILL)
        await gone(box.agent)
        assert await said(box, "cat ~/file") == "kept\n"


async def test_nothing_stays_of_those_that_nobody_took(backend: Backend):
    async with Boxes(backend.home, backend):
        await until(lambda: backend.ready == 2)
        waiting = [spare.started.agent for spare in backend._pool._ready]
    for agent in waiting:
        await gone(agent)
    assert list((backend.home / "ready").iterdir()) == []


async def test_a_service_that_stops_while_it_makes_one_leaves_none(backend: Backend):
    async with Boxes(backend.home, backend):
        await until((backend.home / "ready").exists)
    assert backend.ready == 0
    assert list((backend.home / "ready").iterdir()) == []


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.support.boxes import SMALL, image
from services.sandbox.backends import MAKERS
from services.sandbox.plan import Plan

async def main():
    backend = MAKERS[sys.argv[1]](Path(sys.argv[2]), Plan(limits=SMALL, image=image(), warm=1))
    keeping = asyncio.create_task(backend.keep_ready())
    while not backend.ready:
        await asyncio.sleep(0.01)
    print(backend._pool._ready[0].started.agent, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_what_a_killed_service_kept_ready_is_cleared_by_the_next_one(backend: Backend):
    words = [sys.executable, "-c", KILLED, backend.name, str(backend.home)]
    killed = await asyncio.to_thread(subprocess.run, words, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE)
    assert killed.returncode == -signal.SIGKILL
    plan = replace(backend._plan, warm=0)
    async with Boxes(backend.home, type(backend)(backend.home, plan)) as boxes:
        await said(await boxes.box("ada", "talk"), "true")
        await gone(int(killed.stdout))
        await until(lambda: list((backend.home / "ready").iterdir()) == [])
