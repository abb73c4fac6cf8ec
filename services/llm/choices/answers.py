"""Finding one answer in a long log: the id of what was asked says when that was."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

from proto import chat, events
from proto.events import Event
from proto.imports import AnsweredElsewhere, AskedElsewhere
from proto.kinds import happening
from services.runtime.bus.journal import Journal

PAGE = 50
CLOCKS = timedelta(minutes=1)
"""What the clocks of two machines may differ by."""
SEVENTH = 7
"""The version of ids that begin with their time, in milliseconds."""


async def is_answered(journal: Journal, user: str, turn: str) -> bool:
    """Whether a turn of a user has an answer."""
    asked = await _asked(journal, user, turn)
    if asked is None:
        return False
    kind = AnsweredElsewhere.kind if asked.kind == AskedElsewhere.kind else chat.Answered.kind
    answers = events.of_kind(kind, user, asked.conversation)
    found = await journal.since(answers, asked.time - CLOCKS, PAGE)
    while found:
        if any(_answers(recorded.event, turn) for recorded in found):
            return True
        found = await journal.read(answers, after=found[-1].sequence, limit=PAGE)
    return False


async def _asked(journal: Journal, user: str, turn: str) -> Event | None:
    """Find what was asked: it was recorded soon after its id was made."""
    made = _time_of(turn)
    if made is None:
        return None
    looks = (_asked_as(kind, journal, user, turn, made) for kind in (chat.Asked.kind, AskedElsewhere.kind))
    return next(filter(None, await asyncio.gather(*looks)), None)


async def _asked_as(kind: str, journal: Journal, user: str, turn: str, made: datetime) -> Event | None:
    questions = events.of_kind(kind, user)
    found = await journal.since(questions, made - CLOCKS, PAGE)
    while found:
        for recorded in found:
            if recorded.event.id == turn:
                return recorded.event
        if (_time_of(found[-1].event.id) or made) > made + CLOCKS:
            return None
        found = await journal.read(questions, after=found[-1].sequence, limit=PAGE)
    return None


def _answers(event: Event, turn: str) -> bool:
    what = happening(event)
    return isinstance(what, chat.Answered) and what.turn == turn


def _time_of(id_: str) -> datetime | None:
    try:
        found = uuid.UUID(id_)
        return datetime.fromtimestamp((found.int >> 80) / 1000, UTC) if found.version == SEVENTH else None
    except (ValueError, OverflowError, OSError):
        return None
