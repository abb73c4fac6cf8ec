"""The undo service's process."""

from __future__ import annotations

from proto import undo
from services.runtime.bus import Bus
from services.runtime.forgetting import heed
from services.runtime.run import Ready, run
from services.undo.handlers import Handlers
from services.undo.settings import UndoSettings


def main() -> None:
    """Run the service."""
    run("undo", UndoSettings, serve)


async def serve(settings: UndoSettings, bus: Bus, ready: Ready) -> None:
    """Serve undo and redo until stopped."""
    handlers = Handlers(bus, lines=settings.lines)
    await bus.serve(
        "undo",
        {
            undo.LAST: handlers.last,
            undo.STEP: handlers.step,
            undo.REDO: handlers.redo,
            undo.PREVIEW: handlers.preview,
            undo.LINE: handlers.read,
        },
        description="Undo and redo",
    )
    ready()
    await heed(bus, handlers.forget)


if __name__ == "__main__":
    main()
