"""Settings of the ghost."""

from __future__ import annotations

import msgspec


class GhostSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be set."""

    people: int = 1000
    """Users whose habits are kept in memory; the others are learnt from the log again."""
    recent: int = 50_000
    """Places at the end of the log, everybody's together, from which habits are learnt after a start."""
