"""Making attempts in real boxes: what they may aim at outside, and what came of each."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from services.sandbox.box import Backend
from services.sandbox.shellbox import ShellBox
from tests.security.sandbox.attempts import Attempt

HOME = Path("~").expanduser()
QUICKLY = 8.0
ATTEMPT_WITHIN = 6.0
AT_A_TIME = 4


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one attempt."""

    printed: str
    answered: str
    """What the box said to `echo works` afterwards."""
    seconds: float
    """How long that took."""
    planted: bool
    """A file was there that only a fooled agent writes."""

    @property
    def escaped(self) -> bool:
        """Whether it succeeded."""
        return "ESCAPED" in self.printed or self.planted

    @property
    def held(self) -> bool:
        """Whether it was made, failed, and did no harm."""
        return self.printed.startswith("TRIED") and not self.escaped and self.answers

    @property
    def answers(self) -> bool:
        """Whether the next command was answered, and soon."""
        return self.answered == "works\n" and self.seconds < QUICKLY


async def tried(backend: Backend, attempt: Attempt, outside: dict[str, object]) -> Outcome:
    """Make an attempt in a box of its own."""
    box = await backend.open(backend.home / "attacked" / secrets.token_hex(4))
    assert isinstance(box, ShellBox)
    try:
        places = places_of(backend.home, box.root) if backend.name == "landlock" else None
        ran = await box.run(attempt.command(outside, places), timeout=ATTEMPT_WITHIN)
        after = await box.run("echo works", timeout=30)
        planted = (box.root / "return" / "canary").exists()
        return Outcome(printed=ran.stdout + ran.stderr, answered=after.stdout, seconds=after.seconds, planted=planted)
    finally:
        await box.close()


async def all_tried(
    backend: Backend, attempts: list[Attempt], outside: dict[str, object], at_a_time: int = AT_A_TIME
) -> dict[str, Outcome]:
    """Make attempts, some at a time; the outcome by what was attempted."""
    turn = asyncio.Semaphore(at_a_time)

    async def one(attempt: Attempt) -> tuple[str, Outcome]:
        async with turn:
            return attempt.what, await tried(backend, attempt, outside)

    return dict(await asyncio.gather(*map(one, attempts)))


def places_of(home: Path, root: Path) -> dict[str, str]:
    """Where the usual folders are in a box without a file system of its own."""
    agent = next(path for path in (home / "agent").iterdir() if path.is_dir())
    names = {"/data": "data", "/return": "return", "/tmp": "tmp", "/home/box": "work", "/run": "run"}
    return {"/run/agent": str(agent), **{place: str(root / name) for place, name in names.items()}}


@contextlib.asynccontextmanager
async def something_outside(backend: Backend) -> AsyncIterator[dict[str, object]]:
    """What an attempt may aim at; each holds the token, which nobody inside may ever see."""
    token = secrets.token_hex(8)
    secret = backend.home / "secret"
    secret.write_text(token)
    secret.chmod(0o644)
    other = await backend.open(backend.home / "attacked" / "other")
    assert isinstance(other, ShellBox)
    await other.run(f"echo {token} > secret; (exec -a {token} sleep 10000) &", timeout=10)

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\n\r\n{token}".encode())
        writer.close()

    path = str(backend.home / "socket")
    async with (
        contextlib.AsyncExitStack() as stack,
        await asyncio.start_server(serve, "0.0.0.0", 0) as tcp,
        await asyncio.start_unix_server(serve, path),
        await asyncio.start_unix_server(serve, f"\0{token}"),
    ):
        datagrams = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        datagrams.bind(f"{path}s")
        for each in (path, f"{path}s"):
            os.chmod(each, 0o666)  # noqa: PTH101 - in an async function
        os.environ[f"DAIMON_TEST_{token}"] = token
        yield {
            "token": token,
            "secret": secret,
            "other_secret": other.root / "work" / "secret",
            "other_agent": other.agent,
            "home": HOME,
            "checkout": Path(__file__).parents[3],
            "service": os.getpid(),
            "port": tcp.sockets[0].getsockname()[1],
            "address": own_address(),
            "abstract": token,
            "socket": path,
            "datagrams": f"{path}s",
            "counted": "yes" if any("group" in each.by for each in backend.limits_in_force()[:1]) else "no",
        }
    del os.environ[f"DAIMON_TEST_{token}"]
    await other.close()


def own_address() -> str:
    """An address of this machine that is not loopback, or else a loopback one that is not 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.2"
        return str(probe.getsockname()[0])
