"""API keys: what is known of them, making and revoking them, and that it happened."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from proto.base import Call
from proto.events import Happening

KEY_DAYS = 3650
"""The longest life of an API key."""


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an API key; never its secret."""

    id: str
    user: str
    """The account that acts where the key is shown."""
    name: str
    """What its owner calls it, such as the program that holds it."""
    made: datetime
    expires: datetime | None = None
    """None for a key that does not grow old."""
    used: datetime | None = None
    """When it was last seen, to the minute; None when it never was."""


class AddKey(msgspec.Struct, frozen=True, kw_only=True):
    """Make an API key for an account."""

    user: str
    name: Annotated[str, Meta(min_length=1, max_length=64)]
    days: Annotated[int, Meta(ge=0, le=KEY_DAYS)] = 0
    """How long it can be used; 0 for as long as it is not revoked."""


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that was just made, with its secret: the only time that anybody sees it."""

    key: ApiKey
    secret: str


class ListKeys(msgspec.Struct, frozen=True, kw_only=True):
    """List the API keys of an account."""

    user: str


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """API keys, newest first."""

    keys: tuple[ApiKey, ...]


class RevokeKey(msgspec.Struct, frozen=True, kw_only=True):
    """Make an API key void at once."""

    user: str
    key: str
    """Its id, or its name where only one key has it."""


class KeyAdded(Happening, frozen=True, kw_only=True):
    """An API key was made."""

    kind: ClassVar[str] = "key.added"
    key: str
    name: str
    expires: datetime | None = None

    def sentence(self) -> str:
        until = f", valid until {self.expires:%Y-%m-%d}" if self.expires else ""
        return f"Made the API key '{self.name}'{until}"


class KeyRevoked(Happening, frozen=True, kw_only=True):
    """An API key was made void."""

    kind: ClassVar[str] = "key.revoked"
    key: str
    name: str

    def sentence(self) -> str:
        return f"Revoked the API key '{self.name}'"


ADD_KEY = Call("daimon.svc.gateway.add_key", AddKey, NewKey)
LIST_KEYS = Call("daimon.svc.gateway.list_keys", ListKeys, Keys)
REVOKE_KEY = Call("daimon.svc.gateway.revoke_key", RevokeKey, ApiKey)
CALLS = (ADD_KEY, LIST_KEYS, REVOKE_KEY)
KINDS: tuple[type[Happening], ...] = (KeyAdded, KeyRevoked)
