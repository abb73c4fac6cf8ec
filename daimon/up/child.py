"""One child: how it is started so that it cannot outlive us, and how it is ended."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from daimon.up.errors import ChildFailed
from daimon.up.unprivileged import Account, becoming, c_library

_PR_SET_PDEATHSIG = 1


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """How a child is started and ended."""

    argv: Sequence[str]
    log: Path
    directory: Path = Path("/")
    environment: Mapping[str, str] | None = None
    """All it gets to see; None: what we see ourselves."""
    account: Account | None = None
    stop: signal.Signals = signal.SIGTERM
    grace: float = 5.0
    """Seconds it has to end by itself after `stop`, before it is killed."""
    memory: int = 0
    """Bytes that each of its processes may have for itself; 0: as many as there are."""
    orphaned: signal.Signals = signal.SIGKILL
    """What the kernel sends it when we die."""


async def spawn(launch: Launch) -> Process:
    """Start it in a session of its own, with its output going to its log."""
    with launch.log.open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *launch.argv,
            stdin=DEVNULL,
            stdout=log,
            stderr=log,
            cwd=launch.directory,
            env=launch.environment,
            start_new_session=True,
            preexec_fn=_bound_to_us(launch),
        )


def _bound_to_us(launch: Launch) -> Callable[[], None]:
    library, parent = c_library(), os.getpid()
    become = becoming(launch.account) if launch.account else None

    def prepare() -> None:
        if launch.memory:
            resource.setrlimit(resource.RLIMIT_DATA, (launch.memory, launch.memory))
        if become:
            become()
        # After the change of user, which would undo it.
        library.prctl(_PR_SET_PDEATHSIG, int(launch.orphaned), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(125)

    return prepare


async def stop(child: Process, launch: Launch) -> None:
    """End it and what is left of its process group: first kindly, and by force when its grace is over."""
    with suppress(ProcessLookupError):
        child.send_signal(launch.stop)
    try:
        async with asyncio.timeout(launch.grace):
            await child.wait()
    except TimeoutError:
        kill(child)
        await child.wait()
    sweep(child.pid)


def kill(child: Process) -> None:
    """End it by force."""
    with suppress(ProcessLookupError):
        child.kill()


def sweep(pid: int) -> None:
    """Kill what a child has left behind in its process group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


async def run_to_end(name: str, launch: Launch, *, seconds: float = 60.0) -> None:
    """Run a program that ends by itself; raises ChildFailed with its last words."""
    child = await spawn(launch)
    try:
        async with asyncio.timeout(seconds):
            code = await child.wait()
    except TimeoutError:
        raise ChildFailed(f"{name} did not end within {seconds:.0f} s; see {launch.log}.") from None
    finally:
        if child.returncode is None:
            await stop(child, launch)
    if code:
        raise ChildFailed(f"{name} failed: {last_words(launch.log)}; see {launch.log}.")


def last_words(log: Path) -> str:
    """Return the last line of a log that says something."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    return _message(lines[-1]) if lines else "it said nothing"


def _message(line: str) -> str:
    """Return the message of a line of JSON, or the line."""
    try:
        return str(msgspec.json.decode(line, type=dict[str, object])["message"])
    except (msgspec.DecodeError, KeyError):
        return line
