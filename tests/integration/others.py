"""The services beside memory that keep something of a user, for tests of forgetting."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from services.gateway.main import serve as serve_gateway
from services.gateway.settings import GatewaySettings
from services.sandbox.main import serve as serve_sandbox
from services.sandbox.settings import SandboxSettings
from tests.integration.memory_parts import Daimon
from tests.support.running import running
from tests.support.servers import free_port


@contextlib.asynccontextmanager
async def others(daimon: Daimon) -> AsyncIterator[Path]:
    """Run them; yields the folder of the boxes."""
    with tempfile.TemporaryDirectory() as home:
        async with (
            running(serve_sandbox, SandboxSettings(home=home), daimon.bus("sandbox")),
            running(serve_gateway, GatewaySettings(port=free_port()), daimon.bus("gateway")),
        ):
            yield Path(home)
