"""Real parts for the tests of memory: a Postgres to kill, processes to kill, and an engine whose meanings are known."""

from __future__ import annotations

import array
import asyncio
import contextlib
import hashlib
import math
import os
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path

import psycopg

from daimon.up import child
from daimon.up.child import Launch
from daimon.up.postgres import OWNER, READER, SUPERUSER, PostgresServer
from proto import errors, events, llm, memory
from proto.base import Caller, Nothing, new_id
from proto.events import Happening, happened
from services.memory.main import serve
from services.memory.settings import MemorySettings
from services.runtime.bus import Bus
from tests.support.running import running
from tests.support.servers import NatsServer

PATIENCE = 60
DIMENSIONS = 384
MEANINGS = {"milk": 0, "groceries": 0, "bread": 0, "shopping": 0, "bicycle": 1, "bike": 1, "cycling": 1}


class Postgres:
    """A real server that a test may kill."""

    def __init__(self, directory: Path) -> None:
        self.server = PostgresServer(directory / "data", directory / "sockets", directory / "postgres.log")
        self._child: Process | None = None
        self._launch: Launch | None = None

    async def start(self) -> None:
        self._launch = await self.server.launch()
        self._child = await child.spawn(self._launch)
        await self.server.until_ready()

    async def stop(self) -> None:
        await child.stop(self._child, self._launch)

    async def kill(self) -> None:
        """End it as a power cut would."""
        self._child.kill()
        await self._child.wait()

    async def database(self, *, prepared: bool = True) -> MemorySettings:
        """Make a database for one test; prepared is what the script for the superuser has run in."""
        name = f"test_{new_id()[-12:]}"
        async with self.superuser("postgres") as connection:
            await connection.execute(f"CREATE DATABASE {name} OWNER {OWNER}")
        settings = MemorySettings(
            database=self.server.conninfo_for(OWNER, name), reader=self.server.conninfo_for(READER, name)
        )
        if prepared:
            await self.prepare(name)
        return settings

    async def prepare(self, database: str) -> None:
        sql = resources.files("services.memory").joinpath("sql", "superuser.sql").read_text()
        async with self.superuser(database) as connection:
            await connection.execute(sql)

    @contextlib.asynccontextmanager
    async def superuser(self, database: str) -> AsyncIterator[psycopg.AsyncConnection]:
        conninfo = self.server.conninfo_for(SUPERUSER, database)
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
            yield connection


@contextlib.asynccontextmanager
async def running_postgres(directory: Path) -> AsyncIterator[Postgres]:
    server = Postgres(directory)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


class Engine:
    """An embedding engine for which words of one meaning are the same; serves on the bus like the real one."""

    def __init__(self) -> None:
        self.name = "meanings"
        self.embedded: list[str] = []
        self.refused = ""
        """A text that it does not take."""
        self.down = False
        self.room: int | None = None
        """How many more texts it embeds by itself; it always embeds for whoever names it."""
        self.asked_in_vain = asyncio.Event()

    async def embed(self, request: llm.Embed, _: Caller) -> llm.Embeddings:
        if self.down:
            self.asked_in_vain.set()
            raise errors.Unavailable("The embedding engine is not loaded.")
        if self.refused and any(self.refused in text for text in request.texts):
            raise errors.Invalid("That text is not one.")
        if self.room is not None and not request.engine:
            if self.room < len(request.texts):
                raise errors.Unavailable("The embedding engine has no time.")
            self.room -= len(request.texts)
        self.embedded += request.texts
        vectors = b"".join(vector(text).tobytes() for text in request.texts)
        return llm.Embeddings(engine=request.engine or self.name, dimensions=DIMENSIONS, vectors=vectors)


def vector(text: str) -> array.array[float]:
    numbers = [0.0] * DIMENSIONS
    for word in re.findall(r"\w+", text.lower()):
        numbers[MEANINGS.get(word, 8 + hashlib.sha256(word.encode()).digest()[0])] += 1.0
    length = math.hypot(*numbers) or 1.0
    return array.array("f", [number / length for number in numbers])


class Daimon:
    """What memory needs around it, and the clients that speak to it."""

    def __init__(self, nats: NatsServer, engine: Engine, buses: dict[str, Bus]) -> None:
        self.nats = nats
        self.engine = engine
        self.cli = buses["cli"]
        self.llm = buses["llm"]
        self._buses = buses

    def bus(self, name: str) -> Bus:
        """The connection of a service."""
        return self._buses[name]

    async def record(self, what: Happening, caller: Caller) -> tuple[str, int]:
        """Append an event as the service whose kind it is; return its id and its place in the log."""
        event = happened(what, caller)
        return event.id, await self.append(event)

    async def append(self, event: events.Event) -> int:
        owner = {
            "task": "tasks",
            "chat": "llm",
            "choice": "llm",
            "conversation": "llm",
            "sandbox": "sandbox",
            "page": "gateway",
            "session": "gateway",
            "account": "gateway",
            "memory": "memory",
            "document": "memory",
        }
        return await self._buses[owner[event.kind.partition(".")[0]]].journal.append(event)

    async def projected(self, sequence: int) -> memory.Progress:
        """Wait until SQL has the log up to a place."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(errors.Unavailable, errors.TimedOut):
                    progress = await self.cli.call(memory.PROGRESS, Nothing())
                    if progress.sequence >= sequence:
                        return progress

    async def embedded(self) -> memory.Progress:
        """Wait until SQL has the whole log, and every text its vector."""
        last = await self.cli.journal.last(events.ALL)
        await self.projected(last.sequence)
        async with asyncio.timeout(PATIENCE):
            while (progress := await self.cli.call(memory.PROGRESS, Nothing())).waiting:
                pass
        return progress

    async def sql(self, sql: str, caller: Caller) -> memory.Rows:
        return await self.cli.call(memory.SQL, memory.Query(sql=sql), caller=caller, timeout=10)

    async def search(self, query: str, caller: Caller, **options: object) -> memory.Hits:
        """Search as a person does, or as the model's service does for it."""
        bus = self._buses["llm"] if caller.actor == "model" else self.cli
        return await bus.call(memory.SEARCH, memory.Search(query=query, **options), caller=caller)

    @contextlib.asynccontextmanager
    async def remembering(self, settings: MemorySettings) -> AsyncIterator[None]:
        """Run the service in this process."""
        async with Bus.open(self.nats.settings("memory"), "memory") as bus, running(serve, settings, bus):
            yield

    @contextlib.asynccontextmanager
    async def process(self, settings: MemorySettings) -> AsyncIterator[Remembering]:
        """Run the service in a process of its own."""
        bus = self.nats.settings("memory")
        environment = {
            **os.environ,
            "DAIMON_NATS_URL": bus.url,
            "DAIMON_NATS_PASSWORD_FILE": bus.password_file,
            "DAIMON_MEMORY_DATABASE": settings.database,
            "DAIMON_MEMORY_READER": settings.reader,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.memory.main", env=environment, stdin=DEVNULL, stderr=PIPE, stdout=DEVNULL
        )
        try:
            yield Remembering(process)
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


class Remembering:
    """A process of the service."""

    def __init__(self, process: Process) -> None:
        self.process = process

    async def says(self, action: str) -> None:
        """Wait for a line of its log."""
        async with asyncio.timeout(PATIENCE):
            async for line in self.process.stderr:
                if f'"action":"{action}"'.encode() in line:
                    return
        raise AssertionError(f"it ended without saying {action}")

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()


@contextlib.asynccontextmanager
async def around(nats: NatsServer) -> AsyncIterator[Daimon]:
    """Connect as everybody whom memory hears from, with an embedding engine that answers."""
    async with contextlib.AsyncExitStack() as stack:
        names = ("cli", "llm", "tasks", "sandbox", "gateway", "memory")
        buses = {name: await stack.enter_async_context(Bus.open(nats.settings(name), name)) for name in names}
        engine = Engine()
        await buses["llm"].serve("llm", {llm.EMBED: engine.embed})
        yield Daimon(nats, engine, buses)
