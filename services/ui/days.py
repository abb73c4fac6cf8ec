"""Events of a timeline, grouped by the day on which its reader saw them happen."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from proto.events import Event
from services.ui.display import day, reading

_MILLISECONDS_BELOW = 80
"""Bits of a UUIDv7 below its time."""


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One day of a timeline."""

    iso: str
    heading: str
    """Empty where the page has it above already."""
    events: tuple[Event, ...]
    id: str = ""
    """Where events that happen later today go."""


def today(zone: str) -> str:
    """The reader's day, such as 2026-11-20."""
    return reading(datetime.now(UTC), zone).date().isoformat()


def grouped(events: Iterable[Event], zone: str, *, below: str = "", named: bool = False) -> list[Day]:
    """Group events, newest first; below an event, its day goes on without another heading."""
    above = _date(_made(below), zone) if below else ""
    groups = itertools.groupby(events, key=lambda event: _date(event.time, zone))
    return [_day(iso, tuple(those), zone, goes_on=iso == above, named=named) for iso, those in groups]


def _day(iso: str, events: tuple[Event, ...], zone: str, *, goes_on: bool, named: bool) -> Day:
    heading = "" if goes_on else day(events[0].time, zone)
    return Day(iso=iso, heading=heading, events=events, id=f"day-{iso}" if named else "")


def _date(time: datetime, zone: str) -> str:
    return reading(time, zone).date().isoformat()


def _made(event: str) -> datetime:
    try:
        return datetime.fromtimestamp((UUID(event).int >> _MILLISECONDS_BELOW) / 1000, UTC)
    except (ValueError, OverflowError):
        return datetime.now(UTC)
