"""Watching what happens: after each deed of a person it is looked whether the next one can be offered."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from proto import errors, events
from proto.base import Caller
from proto.suggestions import SuggestionMade
from services.ghost.offering import offer
from services.ghost.people import People, heeds
from services.runtime.bus import Bus, Interrupted

PAUSE = 0.2
"""Seconds after a deed in which others are likely."""
_log = logging.getLogger("daimon.ghost")


async def watch(bus: Bus, people: People) -> None:
    """Look after everybody until cancelled."""
    while True:
        try:
            async with bus.follow(events.ALL) as live:
                while True:
                    came = [await live.next()]
                    # What somebody does in one go is looked at once, and whoever waits for an answer goes first.
                    await asyncio.sleep(PAUSE)
                    came += live.waiting()
                    for user in {event.user for event in came if heeds(event.kind)}:
                        await _look(people, user)
        except Interrupted:
            continue


async def _look(people: People, user: str) -> None:
    try:
        await look(people, user)
    except errors.Failure as failure:
        # What is missed here is seen at the person's next deed.
        _log.info("not looked: %s", failure.message, extra={"action": "suggestion.not_looked"})


async def look(people: People, user: str) -> None:
    """Record what became of the offer that stands, then what can be offered instead."""
    state = await people.read(user)
    if state.standing.came is not None:
        await people.record(state.standing.came, Caller(user=user, actor="ghost", cause=state.cause), state)
        state = await people.read(user)
    made = offer(state, datetime.now(UTC))
    if made is not None and not await people.paused(user):
        await people.record(made, Caller(user=user, actor="ghost", conversation=_where(made), cause=state.cause), state)


def _where(made: SuggestionMade) -> str:
    """The conversation that a suggestion belongs to, and is forgotten with."""
    return next((step.conversation for step in made.steps if step.action == "sandbox.run"), "")
