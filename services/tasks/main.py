"""The tasks service's process."""

from __future__ import annotations

from proto import board, sorting, tasks
from services.runtime.bus import Bus
from services.runtime.forgetting import heed
from services.runtime.run import Ready, run
from services.tasks.handlers import Handlers
from services.tasks.settings import TasksSettings


def main() -> None:
    """Run the service."""
    run("tasks", TasksSettings, serve)


async def serve(settings: TasksSettings, bus: Bus, ready: Ready) -> None:
    """Serve the task list until stopped."""
    handlers = Handlers(bus.journal, limit=settings.limit)
    await bus.serve(
        "tasks",
        {
            tasks.ADD: handlers.add,
            tasks.LIST: handlers.list,
            tasks.COMPLETE: handlers.complete,
            tasks.REOPEN: handlers.reopen,
            tasks.RENAME: handlers.rename,
            tasks.DELETE: handlers.delete,
            tasks.MOVE: handlers.move,
            sorting.SORT: handlers.sort,
            sorting.ARRANGE: handlers.arrange,
            tasks.RESTORE: handlers.restore,
            board.READ: handlers.board,
            board.EDIT: handlers.edit,
        },
        description="The task list",
    )
    ready()
    await heed(bus, handlers.forget)


if __name__ == "__main__":
    main()
