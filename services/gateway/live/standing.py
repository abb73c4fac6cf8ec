"""The offer of the ghost that stands, read from the log: the newest event about suggestions, where that made one."""

from __future__ import annotations

from datetime import UTC, datetime

from proto import events, suggestions
from proto.errors import Failure
from proto.kinds import happening
from proto.suggestions import Suggestion, SuggestionMade
from services.runtime.bus import Bus


async def standing(bus: Bus, user: str) -> Suggestion | None:
    """Return what is offered to somebody now; None also where the log cannot be asked."""
    if not bus.connected:
        return None
    try:
        last = await bus.journal.last(events.of_noun(suggestions.NOUN, user))
    except Failure:
        return None
    made = happening(last.event) if last else None
    if last is None or not isinstance(made, SuggestionMade) or made.until < datetime.now(UTC):
        return None
    return suggestions.suggestion(last.event.id, made)
