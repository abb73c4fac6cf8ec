"""Boxes of each backend to break out of, and things outside worth breaking out for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.sandbox.box import Backend
from services.sandbox.shellbox import ShellBox
from tests.security.sandbox.attempts import ATTEMPTS
from tests.security.sandbox.trying import Outcome, all_tried, something_outside
from tests.support.boxes import BACKENDS, open_home, working


@pytest.fixture(scope="session", params=BACKENDS)
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[Backend]:
    with open_home() as home:
        async with working(request.param, home) as backend:
            yield backend


@pytest.fixture(scope="session")
async def outside(backend: Backend) -> AsyncIterator[dict[str, object]]:
    async with something_outside(backend) as outside:
        yield outside


@pytest.fixture(scope="session")
async def outcomes(backend: Backend, outside: dict[str, object]) -> dict[str, Outcome]:
    """What came of the attempts that leave a machine its strength, made some at a time."""
    return await all_tried(backend, [each for each in ATTEMPTS if each.file != "exhaustion"], outside)


@pytest.fixture
async def box(backend: Backend) -> AsyncIterator[ShellBox]:
    box = await backend.open(backend.home / "attacked" / "planted")
    assert isinstance(box, ShellBox)
    yield box
    await box.close()
