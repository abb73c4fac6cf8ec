"""Start the gateway."""

from __future__ import annotations

import asyncio

import msgspec

from proto import accounts
from services.gateway.accounts.administration import Administration
from services.gateway.app import application
from services.gateway.gate import Gate
from services.gateway.listener import bind, listen
from services.gateway.settings import GatewaySettings
from services.runtime.bus import Bus
from services.runtime.run import Ready, run


async def serve(settings: GatewaySettings, bus: Bus, ready: Ready) -> None:
    """Listen until stopped."""
    with bind(settings.host, settings.port) as bound:
        settings = msgspec.structs.replace(settings, port=bound.getsockname()[1])
        gate = Gate(bus, settings, await bus.kv(accounts.SESSIONS), await bus.kv(accounts.ACCOUNTS))
        await bus.serve("gateway", Administration(gate).routes(), description="The only HTTP listener")
        async with asyncio.TaskGroup() as group:
            group.create_task(gate.keep())
            ready()
            await listen(application(gate), bound, gate.closing)


def main() -> None:
    """Run as `daimon-gateway`."""
    run("gateway", GatewaySettings, serve)


if __name__ == "__main__":
    main()
