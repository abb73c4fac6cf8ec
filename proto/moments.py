"""Moments of the past that people write: a time, or a place in the log; what had happened by then."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from proto import errors
from proto.events import Recorded

AsOf = Annotated[
    str,
    Meta(
        max_length=40,
        description="As it was then: a time such as 2026-11-20 14:05 or 2026-11-20T14:05Z, a day (its end), 14:05 for"
        " today, or an event's place in the log; empty for now",
    ),
]
_LONGEST = 18
_DAY = len("2026-11-20")


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """Up to which place in the log, and up to which time, things have happened."""

    sequence: int = 2**62
    time: datetime = datetime.max.replace(tzinfo=UTC)

    def includes(self, recorded: Recorded) -> bool:
        """Whether it had happened by then."""
        return recorded.sequence <= self.sequence and recorded.event.time <= self.time


NOW = Moment()


def moment(text: str, zone: tzinfo | None = None) -> Moment:
    """Read a moment; a time without a zone is of this one, or local. Invalid says what can be written."""
    words = text.strip()
    if words.isdecimal() and len(words) <= _LONGEST:
        return Moment(sequence=int(words))
    try:
        return Moment(time=_time(words, zone).astimezone(UTC))
    except (ValueError, OverflowError):
        raise errors.Invalid(
            f"{text!r} is no time that can be read. Write 2026-11-20 14:05, 2026-11-20T14:05Z, 2026-11-20 for the end"
            " of that day, 14:05 for today, or an event's place in the log such as 1234."
        ) from None


@functools.lru_cache(100)
def zone_of(name: str) -> ZoneInfo | None:
    """A time zone by its name; None where nobody knows it."""
    try:
        return ZoneInfo(name) if name else None
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return None


def _time(words: str, zone: tzinfo | None) -> datetime:
    if ":" in words and len(words) < _DAY:
        found = datetime.combine(datetime.now().astimezone(zone).date(), time.fromisoformat(words))
    else:
        day = timedelta() if len(words) > _DAY else timedelta(days=1, microseconds=-1)
        found = datetime.fromisoformat(words) + day
    return found.replace(tzinfo=found.tzinfo or zone)
