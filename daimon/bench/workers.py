"""A second llm worker beside the one of `up`, started anew whenever it is killed."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from daimon.bench.machine import ROOT
from daimon.bench.programs import System
from daimon.up.credentials import password_file

SERVICE = "llm"


@asynccontextmanager
async def second_worker(system: System, model_server: str) -> AsyncIterator[None]:
    """Keep another worker alive until the context ends."""
    keeping = asyncio.create_task(_keep(_environment(system, model_server)))
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])


async def _keep(environment: dict[str, str]) -> None:
    while True:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.llm.main", cwd=ROOT, env=environment, stdin=DEVNULL, stderr=DEVNULL
        )
        try:
            await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()


def _environment(system: System, model_server: str) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "PYTHONSAFEPATH": "1",
        "PYTHONPATH": str(ROOT),
        "DAIMON_NATS_URL": system.state.nats_url,
        "DAIMON_NATS_USER": SERVICE,
        "DAIMON_NATS_PASSWORD_FILE": str(password_file(system.home, SERVICE)),
        "DAIMON_LLM_OLLAMA": model_server,
        "DAIMON_LLM_MODELS_DIR": str(system.home.models),
    }
