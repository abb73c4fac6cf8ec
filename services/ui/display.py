"""How single values read on a page: times, names, and text that would show as nothing."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

_ACTORS = {"user": "You", "model": "Daimon", "ghost": "Ghost", "system": "System"}
_UNSEEN = {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"}


def exact(time: datetime) -> str:
    """The time for machines: ISO 8601 in UTC, which the browser turns into its own zone."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def short_time(time: datetime) -> str:
    """The time for a browser that runs no script: hours and minutes in UTC."""
    return f"{time.astimezone(UTC):%H:%M} UTC"


def day(time: datetime) -> str:
    """The day, in UTC."""
    return f"{time.astimezone(UTC):%A %d %B %Y}".replace(" 0", " ")


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
