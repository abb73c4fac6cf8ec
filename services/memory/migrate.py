"""The oneshot before the memory service: a copy of the database, then the steps of the schema it lacks."""

from __future__ import annotations

import asyncio
import sys

from proto import errors
from services.memory.migrations import migrate
from services.memory.settings import MemorySettings
from services.memory.store import Store
from services.runtime import log, settings


def main() -> None:
    """Bring the schema up to date; exit with 1 where this version cannot work with the database."""
    log.configure()
    try:
        asyncio.run(_migrate(settings.load("memory", MemorySettings)))
    except (errors.Failure, settings.SettingsError) as failure:
        sys.stderr.write(f"{failure}\n")
        sys.exit(1)


async def _migrate(own: MemorySettings) -> None:
    async with Store.open(own) as store, store.alone() as session:
        await migrate(session, store.dump_before)


if __name__ == "__main__":
    main()
