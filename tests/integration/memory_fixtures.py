"""Fixtures of the tests of memory."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.memory.settings import MemorySettings
from tests.integration.memory_parts import Daimon, Postgres, around, running_postgres
from tests.support.servers import NatsServer, running_nats


@pytest.fixture(scope="session")
async def memory_postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Postgres]:
    """One real Postgres for the whole run; each test has a database of its own."""
    async with running_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="module")
async def mortal_postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Postgres]:
    """A Postgres for tests that kill it and start it again."""
    async with running_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture
async def database(memory_postgres: Postgres) -> MemorySettings:
    """An empty database."""
    return await memory_postgres.database()


@pytest.fixture
async def alone(own_nats: NatsServer) -> AsyncIterator[Daimon]:
    """Everything but memory, with an empty log."""
    async with around(own_nats) as daimon:
        yield daimon


@pytest.fixture(scope="session")
async def daimon(memory_postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Daimon]:
    """A memory at work for all tests that only speak to it; they keep apart by users of their own."""
    async with (
        running_nats(tmp_path_factory.mktemp("nats")) as nats,
        around(nats) as parts,
        parts.remembering(await memory_postgres.database()),
    ):
        yield parts
