"""Starting bwrap and shaking hands with the agent in it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import NamedTuple, Self

import msgspec

from services.sandbox import orphans
from services.sandbox.box import BoxStartError
from services.sandbox.cgroup import Group
from services.sandbox.channel import LostError, gone, hello, readable
from services.sandbox.rootfs import USER

START_WITHIN = 20.0
END_WITHIN = 5.0
ISOLATION = (
    *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup"),
    *("--hostname", "box", "--new-session", "--die-with-parent", "--as-pid-1", "--cap-drop", "ALL"),
)
BOOT = "import sys; sys.path.insert(0, '/run'); from agent.main import main; main(int(sys.argv[1]))"


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """What to start."""

    bwrap: Path
    files: list[str]
    """The options about files and environment."""
    python: Path
    filtered: bytes
    """The system call filter."""
    user: int
    """Who the box's processes are on the machine itself."""
    group: Group
    """The control groups they run in."""
    alive: Path
    """The folder in which running boxes are noted."""


class Line(NamedTuple):
    """The agent's pid as the machine sees it, the service's end of the line to it, and the box's way out."""

    agent: int
    near: socket.socket
    listener: socket.socket


class _Info(msgspec.Struct):
    child: int = msgspec.field(name="child-pid")


class Launched:
    """A running bwrap, or keeper, with the agent in it."""

    kept = False

    def __init__(self, process: subprocess.Popen[bytes], group: Group, note: Path, line: Line, errors: int) -> None:
        """`process` ends after all in the box has; `note` tells of it; `errors` is where it and the agent complain."""
        self.process = process
        self.agent, self.near, self.listener = line
        self._group = group
        self._note = note
        self._errors = errors
        self._handle = os.pidfd_open(self.agent)

    @property
    def ended(self) -> bool:
        """Whether the agent is gone, and all of the box with it."""
        return gone(self._handle)

    def last_words(self) -> str:
        """What the agent said of its trouble."""
        return _read_now(self._errors)

    def hits(self) -> dict[str, int]:
        """How often the kernel enforced a limit so far."""
        return self._group.hits()

    async def leave(self) -> None:
        """End the box, which cannot live without its service."""
        await self.end()

    async def end(self) -> None:
        """Kill the agent and so all of the box; returns when every process is gone."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        os.close(self._handle)
        os.close(self._errors)
        self.near.close()
        await _gone(self.process)
        self._group.remove()
        self._note.unlink(missing_ok=True)


async def launch(start: Start) -> Launched:
    """Start a box; BoxStartError says why it could not."""
    near, far = socket.socketpair()
    near.setblocking(False)
    async with contextlib.AsyncExitStack() as undo:
        undo.callback(start.group.remove)
        undo.callback(near.close)
        with far, Lines() as lines:
            process = _spawn(start, far, lines)
            undo.push_async_callback(_kill, process)
            far.close()
            try:
                async with asyncio.timeout(START_WITHIN):
                    agent = await _begin(start, lines)
                    # Joining a control group takes the kernel as long as Python takes to start.
                    listener, _ = await asyncio.gather(hello(near), asyncio.to_thread(start.group.take, agent))
            except (LostError, OSError) as error:
                raise BoxStartError(f"The box did not start: {lines.complaint() or error or 'no answer'}") from error
            launched = Launched(
                process,
                start.group,
                orphans.record(start.alive, process.pid),
                Line(agent, near, listener),
                os.dup(lines.errors),
            )
        undo.pop_all()
    return launched


class Lines:
    """The pipes that are needed only while a box starts."""

    def __enter__(self) -> Self:
        self.info, self.tell = os.pipe()
        self.wait, self.go = os.pipe()
        self.errors, self.complain = os.pipe()
        os.set_blocking(self.errors, False)
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in (self.info, self.go, self.errors):
            os.close(descriptor)

    def close_given(self) -> None:
        """Leave what was started as the only holder of its ends."""
        for descriptor in (self.tell, self.wait, self.complain):
            os.close(descriptor)

    def complaint(self) -> str:
        """What was said of the trouble."""
        return _read_now(self.errors)


def _spawn(start: Start, far: socket.socket, lines: Lines) -> subprocess.Popen[bytes]:
    filtered = os.memfd_create("filter")
    try:
        os.write(filtered, start.filtered)
        os.lseek(filtered, 0, os.SEEK_SET)
        words = [*ISOLATION, *_user_words(start, lines), "--seccomp", str(filtered), "--info-fd", str(lines.tell)]
        words += [*start.files, "--chdir", "/", "--", str(start.python), "-I", "-S", "-c", BOOT, str(far.fileno())]
        return subprocess.Popen(
            [str(start.bwrap), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=lines.complain,
            pass_fds=(far.fileno(), filtered, lines.tell, lines.wait),
            env={},
        )
    except OSError as error:
        raise BoxStartError(f"bwrap could not be started: {error.strerror}.") from error
    finally:
        os.close(filtered)
        lines.close_given()


def _user_words(start: Start, lines: Lines) -> list[str]:
    if start.user == os.getuid():
        return ["--uid", str(USER), "--gid", str(USER)]
    # The agent begins as root of its namespace and becomes the box's user at once. As root of the machine, which bwrap
    # would otherwise make it, it would own what root owns there.
    kept = [word for name in ("SETUID", "SETGID", "SETPCAP") for word in ("--cap-add", f"CAP_{name}")]
    return [*kept, "--userns-block-fd", str(lines.wait)]


async def _begin(start: Start, lines: Lines) -> int:
    """Wait until bwrap has made its namespaces; the agent's pid."""
    told = b""
    while chunk := await _next(lines.info):
        told += chunk
    try:
        agent = msgspec.json.decode(told, type=_Info).child
    except msgspec.DecodeError as error:
        raise LostError from error
    if start.user != os.getuid():
        _map_users(agent, start.user)
        os.write(lines.go, b"1")
    return agent


def _map_users(agent: int, outside: int) -> None:
    for name in ("uid_map", "gid_map"):
        Path(f"/proc/{agent}/{name}").write_text(f"0 0 1\n{USER} {outside} 1\n", encoding="ascii")


def _read_now(descriptor: int) -> str:
    with contextlib.suppress(BlockingIOError):
        return os.read(descriptor, 4096).decode("utf-8", "replace").strip()
    return ""


async def _next(descriptor: int) -> bytes:
    await readable(descriptor)
    return os.read(descriptor, 4096)


async def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    await asyncio.to_thread(process.wait)


async def _gone(process: subprocess.Popen[bytes]) -> None:
    """Wait for bwrap, which ends after everything in its box has; kill it when that takes too long."""
    try:
        await asyncio.to_thread(process.wait, END_WITHIN)
    except subprocess.TimeoutExpired:
        await _kill(process)
