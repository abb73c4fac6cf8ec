"""Finding one event in the log by its id: ids begin with the time of their making, and the log is in that order."""

from __future__ import annotations

from uuid import UUID

from proto import events
from proto.errors import Missing
from proto.events import Event
from services.runtime.bus.journal import Journal

WINDOW = 200
"""Events that are read in one go. Those made at about the same time may stand in the log in another order."""
CAUSES = 10


async def recall(journal: Journal, user: str, event_id: str) -> Event:
    """Return a user's event, or raise Missing; about log2(n / 200) reads."""
    wanted = _id(event_id)
    mine = events.of_user(user)
    newest = await journal.last(mine)
    low, high = 0, newest.sequence if newest else 0
    while high - low > WINDOW:
        middle = (low + high) // 2
        probe = await journal.read(mine, after=middle, limit=1)
        if not probe or probe[0].event.id >= wanted:
            high = middle
        else:
            low = middle
    for recorded in await journal.read(mine, after=max(low - WINDOW, 0), limit=3 * WINDOW):
        if recorded.event.id == wanted:
            return recorded.event
    raise Missing("No event has this id.")


async def causes(journal: Journal, user: str, event: Event) -> tuple[Event, ...]:
    """The chain of what led to an event, nearest first, as far as the log has it."""
    chain: list[Event] = []
    while event.cause and len(chain) < CAUSES:
        try:
            event = await recall(journal, user, event.cause)
        except Missing:
            break
        chain.append(event)
    return tuple(chain)


def _id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError as error:
        raise Missing("No event has this id.") from error
