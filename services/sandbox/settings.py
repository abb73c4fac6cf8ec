"""Settings of the sandbox service."""

from __future__ import annotations

from typing import Literal

import msgspec

from proto.documents import SIZE_LIMIT


class SandboxSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be set."""

    home: str = "boxes"
    """Where the boxes' files are kept."""
    network: Literal["on", "off"] = "on"
    """What a new box may reach: `on` is public addresses, `off` nothing."""
    idle: float = 1800.0
    """Seconds without a command after which a box is closed; its files stay."""
    most: int = 100
    """Boxes alive at the same time."""
    memory: int = 1024 * 1024 * 1024
    """Bytes that all processes of one box may use together."""
    file: int = SIZE_LIMIT
    """Bytes of one file that is handed back."""
    output: int = 64 * 1024
    """Bytes of stdout and of stderr that an answer carries; the whole stays in the box."""
