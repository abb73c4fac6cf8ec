"""Whole systems, started once for all end-to-end tests; tests keep apart by using users of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fakes.ollama import FakeOllama, act
from tests.support.whole import Whole, whole_daimon


@pytest.fixture(scope="session")
async def reflex(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Whole]:
    """A Daimon with no language model."""
    async with whole_daimon(tmp_path_factory.mktemp("reflex")) as whole:
        yield whole


@pytest.fixture(scope="session")
async def model_server() -> AsyncIterator[FakeOllama]:
    """The scripted model server of `scripted`; a test may change its script."""
    async with FakeOllama(act) as server:
        yield server


@pytest.fixture(scope="session")
async def scripted(model_server: FakeOllama, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Whole]:
    """A Daimon that talks to the scripted model server."""
    async with whole_daimon(tmp_path_factory.mktemp("scripted"), model_server.url) as whole:
        yield whole
