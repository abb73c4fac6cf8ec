"""Exactly once in effect: everything is killed at random, under load, and every acknowledged event is in SQL once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections import Counter

import psycopg

from proto import events, keeping

pytest_plugins = ("tests.integration.memory_fixtures",)

KILLS = 100
PATIENCE = 120
ROOM = {"memory": 3.0, "nats": 1.2, "postgres": 2.5, "publisher": 1.5}
"""Seconds that each may live at most before it is killed: time enough to have begun its work, most of the time."""


class Chaos:
    """Kills until enough were killed."""

    def __init__(self, seed: int) -> None:
        self.kills: Counter[str] = Counter()
        self._random = random.Random(seed)

    @property
    def goes_on(self) -> bool:
        return self.kills.total() < KILLS

    async def strike(self, name: str) -> None:
        """Wait until it is the time of one to die."""
        await asyncio.sleep(self._random.uniform(0, ROOM[name]))
        self.kills[name] += 1


class Ledger:
    """What the publishers have said."""

    def __init__(self) -> None:
        self.said: dict[str, set[str]] = {"sent": set(), "acknowledged": set()}

    async def keep(self, output: asyncio.StreamReader) -> None:
        async for line in output:
            word, event = line.decode().split()
            self.said[word].add(event)


async def servers(chaos: Chaos, name: str, server) -> None:
    """A server that is started again as soon as it was killed."""
    while chaos.goes_on:
        await chaos.strike(name)
        await server.kill()
        await server.start()


async def memories(chaos: Chaos, daimon, settings) -> None:
    while chaos.goes_on:
        async with daimon.process(settings) as memory:
            drained = asyncio.create_task(drain(memory.process.stderr))
            await chaos.strike("memory")
            await memory.kill()
            await drained


async def drain(output: asyncio.StreamReader) -> None:
    async for _ in output:
        pass


async def publishers(chaos: Chaos, user: str, nats, ledger: Ledger) -> None:
    bus = nats.settings("tasks")
    environment = {**os.environ, "DAIMON_NATS_URL": bus.url, "DAIMON_NATS_PASSWORD_FILE": bus.password_file}
    while chaos.goes_on:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.chaos.publisher",
            user,
            env=environment,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=DEVNULL,
        )
        try:
            kept = asyncio.create_task(ledger.keep(process.stdout))
            await chaos.strike("publisher")
        finally:
            process.kill()
            await process.wait()
        await kept


async def test_a_hundred_kills_cost_no_acknowledged_event_and_make_none(alone, mortal_postgres, own_nats):
    settings = await mortal_postgres.database()
    chaos, ledger = Chaos(seed=4), Ledger()
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        group.create_task(servers(chaos, "nats", own_nats))
        group.create_task(servers(chaos, "postgres", mortal_postgres))
        group.create_task(memories(chaos, alone, settings))
        for user in ("ada", "bob"):
            group.create_task(publishers(chaos, user, own_nats, ledger))
    assert chaos.kills.total() >= KILLS
    assert min(chaos.kills.values()) >= 5, chaos.kills
    async with alone.process(settings) as memory:
        drained = asyncio.create_task(drain(memory.process.stderr))
        problems, rows = await proven(alone), await ids(settings)
        await memory.kill()
        await drained
    assert problems == []
    assert len(ledger.said["acknowledged"]) > 500
    assert len(rows) == len(set(rows))
    assert ledger.said["acknowledged"] <= set(rows) <= ledger.said["sent"]


async def proven(daimon) -> list[keeping.Problem]:
    async with asyncio.timeout(PATIENCE):
        last = (await daimon.cli.journal.last(events.ALL)).sequence
        while True:
            with contextlib.suppress(TimeoutError):
                await daimon.projected(last)
                break
    problems, after = [], 0
    while after < last:
        piece = await daimon.cli.call(keeping.VERIFY, keeping.Verify(after=after, upto=last), timeout=30)
        problems += piece.problems
        after = piece.next
    return problems


async def ids(settings) -> list[str]:
    async with await psycopg.AsyncConnection.connect(settings.database) as connection:
        return [row[0] for row in await (await connection.execute("SELECT id::text FROM events")).fetchall()]
