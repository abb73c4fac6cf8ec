"""Settings of the tasks service."""

from __future__ import annotations

import msgspec


class TasksSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be set."""

    limit: int = 10_000
    """Tasks on one list; more are refused."""
