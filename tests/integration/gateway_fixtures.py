"""Fixtures of the tests of the gateway."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest

from proto.base import Caller
from tests.fakes.ollama import FakeOllama, act
from tests.integration.gateway_parts import Browser, Front
from tests.support.servers import NatsServer, running_nats


@pytest.fixture(scope="session")
async def model_server() -> AsyncIterator[FakeOllama]:
    """The scripted model server; a test may change its script."""
    async with FakeOllama(act) as server:
        yield server


@pytest.fixture(scope="session")
async def front(
    model_server: FakeOllama, models_dir: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Front]:
    """A gateway, ui, tasks and llm for all tests that only visit them; they keep apart by users of their own."""
    async with contextlib.AsyncExitStack() as stack:
        nats = await stack.enter_async_context(running_nats(tmp_path_factory.mktemp("nats")))
        found = Front(nats, stack)
        stack.push_async_callback(found.end)
        await found.begin()
        await found.llm(model_server.url, models_dir)
        yield found


@pytest.fixture
async def own_front(own_nats: NatsServer) -> AsyncIterator[Front]:
    """A gateway, ui and tasks for a test that stops parts of them."""
    async with contextlib.AsyncExitStack() as stack:
        found = Front(own_nats, stack)
        stack.push_async_callback(found.end)
        await found.begin()
        yield found


@pytest.fixture
async def browser(front: Front, ada: Caller) -> Browser:
    """A browser that is signed in as a user of its own."""
    return await front.browser(ada.user)


@pytest.fixture
async def program(front: Front, ada: Caller) -> httpx.AsyncClient:
    """A program with an API key of the user that `browser` is."""
    return await front.program(ada.user)


@pytest.fixture
def script(model_server: FakeOllama):
    """Change what the model answers, for one test."""

    def change(chosen) -> None:
        model_server.script = chosen

    yield change
    model_server.script = act
