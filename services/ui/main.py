"""Start the ui service."""

from __future__ import annotations

import asyncio

from services.runtime.bus import Bus
from services.runtime.run import Ready, forever, run
from services.ui import templating
from services.ui.routes import routes
from services.ui.settings import UiSettings


async def serve(settings: UiSettings, bus: Bus, ready: Ready) -> None:
    """Answer with HTML until stopped."""
    await bus.serve("ui", routes(settings), description="View data to HTML")
    ready()
    await asyncio.to_thread(templating.prepare)
    await forever()


def main() -> None:
    """Run as `daimon-ui`."""
    run("ui", UiSettings, serve)


if __name__ == "__main__":
    main()
