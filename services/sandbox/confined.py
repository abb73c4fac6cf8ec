"""Starting a keeper and, confined by it, the agent."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import msgspec

from services.sandbox import orphans
from services.sandbox.box import BoxStartError
from services.sandbox.cgroup import Group
from services.sandbox.channel import LostError, hello, readable
from services.sandbox.launch import START_WITHIN, Launched, Line, Lines

CHECKOUT = Path(__file__).parents[2]
BOOT = f"import sys; sys.path.insert(0, {str(CHECKOUT)!r}); from services.sandbox.keeper import main; main()"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a keeper is to do; its names are the keeper's."""

    user: int
    version: int
    """Of Landlock."""
    python: str
    agent: str
    """The folder in which the compiled agent lies."""
    home: str
    environment: dict[str, str]
    run: list[str]
    """What may be read and run."""
    read: list[str]
    use: list[str]
    """What may be read and written, but not made or removed."""
    own: list[str]
    line: int = -1
    tell: int = -1
    go: int = -1
    filter: int = -1


async def launch(order: Order, filtered: bytes, group: Group, alive: Path) -> Launched:
    """Start a box; BoxStartError says why it could not."""
    near, far = socket.socketpair()
    near.setblocking(False)
    async with contextlib.AsyncExitStack() as undo:
        undo.callback(group.remove)
        undo.callback(near.close)
        with far, Lines() as lines:
            keeper = _spawn(order, filtered, far, lines)
            undo.push_async_callback(_ended, keeper)
            far.close()
            try:
                async with asyncio.timeout(START_WITHIN):
                    await readable(lines.info)
                    agent = int(os.read(lines.info, 32) or -1)
                    await asyncio.to_thread(group.take, agent)
                    os.write(lines.go, b"1")
                    listener = await hello(near)
                    line = Line(agent, near, listener)
                    launched = Launched(keeper, group, orphans.record(alive, keeper.pid), line, os.dup(lines.errors))
            except (LostError, OSError) as error:
                raise BoxStartError(f"The box did not start: {lines.complaint() or error or 'no answer'}") from error
        undo.pop_all()
    return launched


def _spawn(order: Order, filtered: bytes, far: socket.socket, lines: Lines) -> subprocess.Popen[bytes]:
    judge = os.memfd_create("filter")
    try:
        os.write(judge, filtered)
        given = msgspec.structs.replace(order, line=far.fileno(), tell=lines.tell, go=lines.wait, filter=judge)
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", BOOT, msgspec.json.encode(given).decode()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=lines.complain,
            pass_fds=(far.fileno(), lines.tell, lines.wait, judge),
            env={},
        )
    finally:
        os.close(judge)
        lines.close_given()


async def _ended(keeper: subprocess.Popen[bytes]) -> None:
    """Have a keeper end what it keeps, and itself."""
    keeper.terminate()
    await asyncio.to_thread(keeper.wait)
