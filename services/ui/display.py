"""How single values read on a page: times, names, and text that would show as nothing."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

from proto.moments import zone_of

_ACTORS = {"user": "You", "model": "Daimon", "ghost": "Ghost", "system": "System"}
_UNSEEN = {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"}


def exact(time: datetime) -> str:
    """The time for machines: ISO 8601 in UTC."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def short_time(time: datetime, zone: str = "") -> str:
    """Hours and minutes, after the date where that is not today."""
    here = reading(time, zone)
    return _said(f"{here:%H:%M}" if _today(here) else f"{_date(here)}, {here:%H:%M}", zone)


def brief(time: datetime, zone: str = "") -> str:
    """The clock for today, the date for another day."""
    here = reading(time, zone)
    return _said(f"{here:%H:%M}", zone) if _today(here) else _date(here)


def full(time: datetime, zone: str = "") -> str:
    """The day and the clock, to the second."""
    return _said(f"{day(time, zone)}, {reading(time, zone):%H:%M:%S}", zone)


def day(time: datetime, zone: str = "") -> str:
    """The day."""
    here = reading(time, zone)
    return f"{here:%A} {here.day} {here:%B %Y}"


def field(time: datetime, zone: str = "") -> str:
    """The time as a field of a form holds it: without its zone."""
    return f"{reading(time, zone):%Y-%m-%dT%H:%M:%S}"


def reading(time: datetime, zone: str) -> datetime:
    """The time where the reader is; UTC where that is not known."""
    try:
        return time.astimezone(zone_of(zone) or UTC)
    except OverflowError:
        # Where the reader is it would be of a year before the first or after the last.
        return time.astimezone(UTC)


def _said(words: str, zone: str) -> str:
    """Say UTC where the reader cannot know it."""
    return words if zone_of(zone) else f"{words} UTC"


def _today(here: datetime) -> bool:
    return here.date() == datetime.now(here.tzinfo).date()


def _date(here: datetime) -> str:
    same_year = here.year == datetime.now(here.tzinfo).year
    return f"{here.day} {here:%b}" if same_year else f"{here.day} {here:%b %Y}"


def who(actor: str) -> str:
    """A name for the one who did it."""
    return _ACTORS.get(actor, actor.removeprefix("plugin-"))


def plain(text: str) -> str:
    """A title that can be seen and clicked, also when it is made of invisible characters only."""
    seen = any(unicodedata.category(character) not in _UNSEEN for character in text)
    return text if seen else "(blank)"


def clipped(text: str, limit: int) -> str:
    """The beginning and the end of a long text, and how much is missing between them."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n… {len(text) - 2 * half:,} characters left out …\n{text[-half:]}"


def duration(seconds: float) -> str:
    """0.004 → 4 ms, 2.34 → 2.3 s, 75 → 1 min 15 s, 120 → 2 min."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    rest = f" {int(seconds % 60)} s" if seconds % 60 >= 1 else ""
    return f"{int(seconds // 60)} min{rest}"
