"""The files that pages refer to."""

from __future__ import annotations

import msgspec


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """A file that pages refer to."""

    name: str
    """With a hash of its content, so that it may be cached for ever."""
    media_type: str
    content: bytes


class Assets(msgspec.Struct, frozen=True, kw_only=True):
    """All files that pages refer to."""

    assets: tuple[Asset, ...]
