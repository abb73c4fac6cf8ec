"""Hearing that a service is ready."""

import asyncio
import socket
from pathlib import Path

from daimon.up.readiness import Readiness, listening


async def test_ready_is_heard_at_the_socket(tmp_path: Path) -> None:
    path = tmp_path / "a.notify"
    with listening(path) as readiness:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"STATUS=warm\nREADY=1", str(path))
        async with asyncio.timeout(30):
            await readiness.wait()
    assert not path.exists()


async def test_only_ready_is_ready_and_only_for_one_life() -> None:
    readiness = Readiness()
    waiting = asyncio.ensure_future(readiness.wait())
    readiness.hear(b"READY=0\nXREADY=1\nSTATUS=READY=1 soon")
    await asyncio.sleep(0)
    assert not waiting.done()
    readiness.hear(b"READY=1")
    await waiting
    readiness.forget()
    again = asyncio.ensure_future(readiness.wait())
    await asyncio.sleep(0)
    assert not again.done()
    again.cancel()
