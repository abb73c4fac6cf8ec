"""A program that records events as fast as the log takes them, and writes down which were sent and acknowledged."""

from __future__ import annotations

import asyncio
import os
import sys

from proto import errors, tasks
from proto.base import Caller
from proto.events import Event, happened
from services.runtime.bus import Bus
from services.runtime.settings import BusSettings, load

TOGETHER = 25


def note(word: str, event: Event) -> None:
    """Write a line at once and whole, so that a kill leaves no half of one."""
    os.write(sys.stdout.fileno(), f"{word} {event.id}\n".encode())


async def record(bus: Bus, user: str, number: int) -> None:
    event = happened(tasks.TaskAdded(task=f"{os.getpid()}-{number}", title=f"task {number}"), Caller(user=user))
    note("sent", event)
    try:
        await bus.journal.append(event)
    except errors.Failure:
        await asyncio.sleep(0.02)
    else:
        note("acknowledged", event)


async def main() -> None:
    user, number = sys.argv[1], 0
    async with Bus.open(load("nats", BusSettings), "tasks", patience=60) as bus:
        while True:
            await asyncio.gather(*(record(bus, user, number + each) for each in range(TOGETHER)))
            number += TOGETHER


if __name__ == "__main__":
    asyncio.run(main())
