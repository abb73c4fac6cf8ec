"""An llm worker in a process of its own, to be killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator

from proto.base import new_id
from tests.support.servers import NatsServer
from tests.support.whole import ROOT, WITHIN


@contextlib.asynccontextmanager
async def worker_process(nats: NatsServer, model_server: str, models_dir: str) -> AsyncIterator[Process]:
    """Run `daimon-llm` from the moment it is ready until the context ends; it may be killed before."""
    bus = nats.settings("llm")
    told = nats.directory / f"{new_id()}.socket"
    environment = {
        **os.environ,
        "DAIMON_NATS_URL": bus.url,
        "DAIMON_NATS_USER": bus.user,
        "DAIMON_NATS_PASSWORD_FILE": bus.password_file,
        "DAIMON_LLM_OLLAMA": model_server,
        "DAIMON_LLM_MODELS_DIR": models_dir,
        "NOTIFY_SOCKET": str(told),
    }
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as listening:
        listening.bind(str(told))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.llm.main", cwd=ROOT, env=environment, stderr=DEVNULL
        )
        async with asyncio.timeout(WITHIN):
            while b"READY=1" not in await asyncio.get_running_loop().sock_recv(listening, 4096):
                pass
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
