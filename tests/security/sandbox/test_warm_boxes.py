"""A box that was kept ready for anybody is, from within, one that was made for its conversation alone."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator

import pytest

from services.sandbox.box import Backend
from services.sandbox.boxes import Boxes
from services.sandbox.plan import Plan
from services.sandbox.shellbox import ShellBox
from tests.support.boxes import SMALL, open_home, working

WITHIN = 20
LOOK = """
find ~ /data /return /tmp /dev/shm ! -path '*/.output/*' | sort
env | sort
alias; declare -F; history; jobs; umask; ulimit -a; pwd
for each in /proc/[0-9]*; do tr '\\0' ' ' < $each/cmdline; echo; done | sort -u
"""
LEAVE = """
for at in ~ /data /return /tmp /dev/shm; do echo @token@ > $at/@token@; done
export LEFT=@token@
(exec -a @token@ sleep 600) &
"""
SEARCH = """
grep -sl @token@ /proc/[0-9]*/cmdline /proc/[0-9]*/environ /proc/[0-9]*/mountinfo | grep -v "/proc/$$/"
grep -rsl @token@ ~ /data /return /tmp /run /dev/shm
find / -xdev -name '*@token@*' 2>/dev/null
env | grep @token@
true
"""


@pytest.fixture(params=["bwrap", "docker"])
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[Backend]:
    """A backend that keeps two boxes ready."""
    with open_home() as home:
        async with working(request.param, home, Plan(limits=SMALL, warm=2)) as backend:
            yield backend


async def warm(boxes: Boxes, backend: Backend, name: str) -> ShellBox:
    """A box that had been ready before anybody asked for it."""
    async with asyncio.timeout(60):
        while not backend.ready:
            await asyncio.to_thread(time.sleep, 0.01)
    waiting = {spare.started.agent for spare in backend._pool._ready}
    box = await boxes.box("ada", name)
    assert isinstance(box, ShellBox)
    assert box.agent in waiting, "it was taken, not made"
    return box


async def said(box: ShellBox, command: str) -> str:
    ran = await box.run(command, timeout=WITHIN)
    assert ran.exit_code == 0, ran
    return ran.stdout


@pytest.mark.parametrize("backend", ["bwrap"], indirect=True)
async def test_a_box_that_was_kept_ready_looks_from_within_like_one_that_was_made(backend: Backend):
    cold = await backend.open(backend.home / "ada" / "cold")
    assert isinstance(cold, ShellBox)
    made = await said(cold, LOOK)
    await cold.close()
    async with Boxes(backend.home, backend) as boxes:
        box = await warm(boxes, backend, "talk")
        assert (await said(box, LOOK)).splitlines() == made.splitlines()
        await box.close()


def searching(token: str) -> str:
    """The search, written so that it does not find itself."""
    return SEARCH.replace("@token@", f"[{token[0]}]{token[1:]}")


async def test_what_one_conversation_left_is_not_in_the_next_box_that_was_kept_ready(backend: Backend):
    token = secrets.token_hex(8)
    async with Boxes(backend.home, backend) as boxes:
        first = await warm(boxes, backend, f"talk {token}")
        await said(first, LEAVE.replace("@token@", token))
        assert token in await said(first, searching(token)), "the search finds what is there"
        for name in ("one", "two", "three"):
            box = await warm(boxes, backend, name)
            assert await said(box, searching(token)) == ""
            assert token not in await said(box, "cat /proc/[0-9]*/mountinfo")
            await box.close()
        await first.close()
