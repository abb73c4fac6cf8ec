"""The signs of life a service gives its service manager: while it and its bus are alive, and no longer."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.servers import NatsServer
from tests.support.whole import ROOT

WITHIN = 60.0
WATCHDOG = 0.6
"""Seconds without a sign after which systemd would start the service anew."""


class Ear:
    """The service manager's end of the socket."""

    def __init__(self, receiver: socket.socket, pid: int) -> None:
        self._receiver = receiver
        self.pid = pid

    async def hear(self, wanted: bytes, within: float = WITHIN) -> None:
        """Wait for a word, whatever else is said before it."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(within):
            while await loop.sock_recv(self._receiver, 4096) != wanted:
                pass

    async def silence(self, seconds: float) -> None:
        """Wait until nothing was said for so long."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(WITHIN):
            while True:
                try:
                    async with asyncio.timeout(seconds):
                        await loop.sock_recv(self._receiver, 4096)
                except TimeoutError:
                    return


@asynccontextmanager
async def tasks_service(nats: NatsServer, directory: Path) -> AsyncIterator[Ear]:
    """The tasks service as systemd would run it."""
    settings = nats.settings("tasks")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(directory / "notify"))
        receiver.setblocking(False)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.tasks.main"),
            cwd=ROOT,
            env={
                **os.environ,
                "DAIMON_NATS_URL": settings.url,
                "DAIMON_NATS_USER": "tasks",
                "DAIMON_NATS_PASSWORD_FILE": settings.password_file,
                "NOTIFY_SOCKET": str(directory / "notify"),
                "WATCHDOG_USEC": str(int(WATCHDOG * 1e6)),
            },
        )
        try:
            ear = Ear(receiver, process.pid)
            await ear.hear(b"READY=1")
            yield ear
        finally:
            os.kill(process.pid, signal.SIGCONT)
            process.terminate()
            await process.wait()


async def test_a_service_that_lives_says_so_again_and_again(own_nats: NatsServer, tmp_path: Path) -> None:
    async with tasks_service(own_nats, tmp_path) as ear:
        for _ in range(3):
            await ear.hear(b"WATCHDOG=1")


async def test_a_service_that_hangs_says_nothing(own_nats: NatsServer, tmp_path: Path) -> None:
    async with tasks_service(own_nats, tmp_path) as ear:
        os.kill(ear.pid, signal.SIGSTOP)
        await ear.silence(2 * WATCHDOG)


async def test_a_bus_that_does_not_answer_is_no_life(own_nats: NatsServer, tmp_path: Path) -> None:
    async with tasks_service(own_nats, tmp_path) as ear:
        own_nats.pause()
        try:
            await ear.silence(3 * WATCHDOG)
        finally:
            own_nats.go_on()
        await ear.hear(b"WATCHDOG=1")


async def test_a_service_that_waits_for_its_bus_lives(own_nats: NatsServer, tmp_path: Path) -> None:
    async with tasks_service(own_nats, tmp_path) as ear:
        await own_nats.kill()
        for _ in range(5):
            await ear.hear(b"WATCHDOG=1", within=10 * WATCHDOG)
