"""Settings of the ghost."""

from __future__ import annotations

import msgspec


class GhostSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be set."""

    people: int = 1000
    """Users whose habits are kept in memory; the others are learnt from the log again."""
