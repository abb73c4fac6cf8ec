"""The schema by itself: what starting this version would change, without changing it."""

from __future__ import annotations

import asyncio
import sys

from proto import errors
from services.memory.migrations import Migration, known, pending
from services.memory.settings import MemorySettings
from services.memory.store import NotLaidOut, Store
from services.runtime import settings


def main() -> None:
    """Print the steps that are still to be applied; exit with 1 where this version cannot work with the database."""
    try:
        sys.stdout.write(asyncio.run(_report(settings.load("memory", MemorySettings))))
    except (errors.Failure, settings.SettingsError) as failure:
        sys.stderr.write(f"{failure}\n")
        sys.exit(1)


async def _report(own: MemorySettings) -> str:
    async with Store.open(own) as store:
        try:
            applied = await store.fetch(Migration, "migrations")
        except NotLaidOut:
            applied = []
    steps = pending(known(), applied)
    if not steps:
        return f"The schema is up to date: step {applied[-1].number}.\n"
    copied = "A copy of the database is made first.\n" if applied else ""
    return f"{copied}Starting this version applies, each in one transaction:\n" + "".join(
        f"  {step.name}\n" for step in steps
    )


if __name__ == "__main__":
    main()
