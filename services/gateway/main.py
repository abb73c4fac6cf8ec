"""Start the gateway."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec

from proto import accounts as contract
from services.gateway.administration import Administration
from services.gateway.app import application
from services.gateway.gate import Gate
from services.gateway.keys import Keys
from services.gateway.listener import bind, listen
from services.gateway.sessions import Sessions
from services.gateway.settings import GatewaySettings
from services.runtime.bus import Bus
from services.runtime.run import Ready, run


async def serve(settings: GatewaySettings, bus: Bus, ready: Ready) -> None:
    """Listen until stopped."""
    with bind(settings.host, settings.port) as bound:
        settings = msgspec.structs.replace(settings, port=bound.getsockname()[1])
        sessions = Sessions(bus, await bus.kv(contract.SESSIONS), timedelta(days=settings.session_days))
        keys = Keys(bus, await bus.kv(contract.ACCOUNTS))
        gate = Gate(bus, settings, sessions, keys)
        await bus.serve("gateway", Administration(gate).routes(), description="The only HTTP listener")
        async with asyncio.TaskGroup() as group:
            group.create_task(sessions.keep())
            group.create_task(keys.keep())
            ready()
            await listen(application(gate), bound, gate.closing)


def main() -> None:
    """Run as `daimon-gateway`."""
    run("gateway", GatewaySettings, serve)


if __name__ == "__main__":
    main()
