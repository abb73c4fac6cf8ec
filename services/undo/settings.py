"""Settings of the undo service."""

from __future__ import annotations

import msgspec


class UndoSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be set."""

    lines: int = 1000
    """Users whose lines are kept in memory; the others are read from the log again."""
