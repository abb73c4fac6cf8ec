"""`daimon bench embed`: texts on their way from the log to their vectors in SQL, against the engine by itself."""

from __future__ import annotations

import asyncio
import random
import sys
from asyncio.subprocess import PIPE
from collections import defaultdict
from pathlib import Path

import msgspec

from daimon.bench.machine import ROOT
from daimon.bench.programs import fresh_home, up
from daimon.bench.report import Figure, figure
from daimon.connection import Connection, connect
from daimon.up.errors import ChildFailed
from proto import memory, tasks
from proto.base import Caller, Nothing
from proto.events import happened
from services.runtime.bus import Bus
from services.runtime.settings import BusSettings

TEXTS = 2000
"""In a round."""
WORDS = (
    "bread milk garden paint fence letter bank train ticket doctor school birthday present kitchen lamp window report"
    " meeting slides budget invoice server backup password printer photo holiday hotel flight passport dentist car"
)
LONG = 12
"""Words of a text."""
POLL = 0.2
OWNER = "tasks"
"""Whose right it is to write these events."""
BARE = "services.llm.bench.bare"


async def run(rounds: int) -> dict[str, Figure]:
    """Measure both sides in turns; while one works, the other has nothing to do."""
    found: dict[str, list[float]] = defaultdict(list)
    chance = random.Random(1)  # noqa: S311 - repeatable on purpose
    async with fresh_home() as home, up(home) as system, connect(home.path, "ada") as connection:
        settings = BusSettings(url=system.state.nats_url, user=OWNER, password_file=str(home.credentials / OWNER))
        async with Bus.open(settings, "bench") as bus:
            await _embedded(bus, connection, _texts(chance, 64))
            for _ in range(rounds):
                texts = _texts(chance, TEXTS)
                queued, bare = await _embedded(bus, connection, texts), await _bare(home.models, texts)
                found["queued"].append(queued)
                found["bare"].append(bare)
                found["of_bare"].append(100 * queued / bare)
    return {
        "queued": figure(found["queued"], "/s", "from the log to the vectors in SQL"),
        "bare": figure(found["bare"], "/s", "the engine by itself"),
        "of_bare": figure(found["of_bare"], "%"),
    }


def _texts(chance: random.Random, count: int) -> list[str]:
    words = WORDS.split()
    return [" ".join(chance.choices(words, k=LONG)) for _ in range(count)]


async def _embedded(bus: Bus, connection: Connection, texts: list[str]) -> float:
    """Return texts a second from the first of them on, until the last has its vector."""
    loop = asyncio.get_running_loop()
    before = (await connection.call(memory.PROGRESS, Nothing())).events
    ada = Caller(user="ada")
    began = loop.time()
    async with asyncio.TaskGroup() as group:
        for number, text in enumerate(texts):
            group.create_task(bus.journal.append(happened(tasks.TaskAdded(task=f"{began} {number}", title=text), ada)))
    while True:
        progress = await connection.call(memory.PROGRESS, Nothing())
        if progress.events >= before + len(texts) and not progress.waiting:
            return len(texts) / (loop.time() - began)
        await asyncio.sleep(POLL)


async def _bare(models: Path, texts: list[str]) -> float:
    """Ask the engine for the same: what is embedded is an event's sentence and an empty body."""
    said = [f"{tasks.TaskAdded(task='', title=text).sentence()}\n" for text in texts]
    command = (sys.executable, "-m", BARE, str(models))
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=PIPE, stdout=PIPE)
    printed, _ = await process.communicate(msgspec.json.encode(said))
    if process.returncode:
        raise ChildFailed("The embedding engine ended early.")
    return float(printed)
