"""The llm service's process."""

from __future__ import annotations

from services.llm.house import House
from services.llm.settings import LlmSettings
from services.runtime.bus import Bus
from services.runtime.run import Ready, run


def main() -> None:
    """Run the service."""
    run("llm", LlmSettings, serve)


async def serve(settings: LlmSettings, bus: Bus, ready: Ready) -> None:
    """Write turns and serve the model's side until stopped."""
    house = House(settings, bus)
    await house.look()
    await bus.serve("llm", house.routes, description="Turns, embeddings and the menu of actions")
    ready()
    await house.run()


if __name__ == "__main__":
    main()
