"""Settings of the ui service."""

from __future__ import annotations

import msgspec


class UiSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the ui service can be told; read from `DAIMON_UI_<FIELD>`."""

    display_limit: int = 20_000
    """Characters of one tool result that a page shows; the rest is left out, and the page says so."""
