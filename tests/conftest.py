"""Fixtures every kind of test may use."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Generator

import pytest

from proto.base import Caller, new_id
from services.runtime.bus import Bus
from tests.support.servers import NatsServer, running_nats


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="a test that is skipped has failed")


def pytest_configure(config: pytest.Config) -> None:
    """Let Ctrl-C mean something to what tests start: a shell that runs us in the background has it ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and item.config.getoption("--no-skips"):
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session")
async def nats_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[NatsServer]:
    """One real NATS server for the whole run; tests keep apart by using users of their own."""
    async with running_nats(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture
async def own_nats(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[NatsServer]:
    """A NATS server for a test that kills it, or that needs an empty log."""
    async with running_nats(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture
async def open_bus(nats_server: NatsServer) -> AsyncIterator[Callable[[str], Awaitable[Bus]]]:
    """Open connections as the contract's users: `tasks = await open_bus("tasks")`."""
    async with contextlib.AsyncExitStack() as stack:

        async def open_as(name: str) -> Bus:
            return await stack.enter_async_context(Bus.open(nats_server.settings(name), name))

        yield open_as


@pytest.fixture
def ada() -> Caller:
    """A user nobody else in this run has."""
    return Caller(user=f"ada-{new_id()[-12:]}")


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the embedding model is written, once for the whole run."""
    return str(tmp_path_factory.mktemp("models"))
