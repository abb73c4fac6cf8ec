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
from services.sandbox.reach import Reach
from services.sandbox.shellbox import ShellBox
from tests.support.boxes import SMALL, open_home, working

WITHIN = 20
ASK = """
python3 -c 'import socket; s = socket.create_connection(("127.0.0.1", 3128), 5); s.settimeout(5)
s.sendall(b"GET http://127.0.0.2:80/ HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"); print(s.recv(4096))'
"""
LOOK = """
find ~ /data /return /tmp /dev/shm ! -path '*/.output/*' | sort
env | sort
alias; declare -F; history; jobs; umask; ulimit -a; pwd
found=$(for each in /proc/[0-9]*; do tr '\\0' ' ' < $each/cmdline; echo; done)
sort -u <<< "$found"
"""
LEAVE = """
for at in ~ /data /return /tmp /dev/shm; do echo @token@ > $at/@token@; done
export LEFT=@token@
echo "touch ~/@token@" | tee ~/.bashrc ~/.profile ~/.bash_profile ~/.bash_login ~/.inputrc > /dev/null
python3 - <<'END' &
import socket, sys, time
listeners = [socket.create_server(("127.0.0.1", 5555))]
try:
    listeners.append(socket.socket(socket.AF_UNIX))
    listeners[-1].bind("\\0daimon-left")
    listeners[-1].listen()
except OSError:
    pass
open("/tmp/listens", "w").close()
time.sleep(600)
END
until [ -e /tmp/listens ]; do sleep 0.01; done
(exec -a @token@ sleep 600) &
"""
SEARCH = """
grep -sl @token@ /proc/[0-9]*/cmdline /proc/[0-9]*/environ /proc/[0-9]*/mountinfo | grep -v "/proc/$$/"
grep -rsl @token@ ~ /data /return /tmp /run /dev/shm
find / -xdev -name '*@token@*' 2>/dev/null
env | grep @token@
true
"""
KNOCK = """
python3 - <<'END'
import socket
for family, address in ((socket.AF_INET, ("127.0.0.1", 5555)), (socket.AF_UNIX, "\\0daimon-left")):
    try:
        socket.socket(family).connect(address)
        print("reached", address)
    except OSError:
        pass
END
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
        assert "reached" in await said(first, KNOCK)
        for name in ("one", "two", "three"):
            box = await warm(boxes, backend, name)
            assert await said(box, searching(token)) == ""
            assert await said(box, KNOCK) == ""
            assert token not in await said(box, "cat /proc/[0-9]*/mountinfo")
            await box.close()
        await first.close()


async def test_what_the_first_may_reach_is_not_what_the_next_may(backend: Backend):
    async with Boxes(backend.home, backend) as boxes:
        closed, narrow, usual = [await warm(boxes, backend, name) for name in ("closed", "narrow", "usual")]
        closed.reach, narrow.reach = Reach(mode="off"), Reach(mode="allow-list", hosts=("127.0.0.1:9",))
        assert "off" in await said(closed, ASK)
        assert "not on this box" in await said(narrow, ASK)
        assert "not a public address" in await said(usual, ASK)


async def test_a_box_that_was_spoilt_is_not_what_the_next_one_of_the_conversation_is(backend: Backend):
    async with Boxes(backend.home, backend) as boxes:
        first = await warm(boxes, backend, "talk")
        await said(first, "mkfifo ~/pipe; ln -s / ~/out; chmod 0 ~/pipe; touch ~/gone; exec -c true || true")
        await boxes.forget("ada", "talk")
        again = await warm(boxes, backend, "talk")
        assert again.agent != first.agent
        assert await said(again, "ls -A ~") == ""
