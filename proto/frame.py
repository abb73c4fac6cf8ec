"""What every page has: the frame around its content, and the HTML that it becomes."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from proto.accounts import Role
from proto.suggestions import Suggestion

Theme = Literal["auto", "light", "dark"]


class Html(msgspec.Struct, frozen=True, kw_only=True):
    """A page, or the fragments of one that changed."""

    html: str


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """How far back a user can look, and where they look now."""

    first: datetime | None = None
    """None where nothing has happened yet, or memory is away."""
    last: datetime | None = None
    as_of: str = ""
    """The moment that is shown, as addresses name it; empty for now."""
    then: datetime | None = None
    """Its time; None for now, and for a place in the log."""


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What every page carries around its content."""

    user: str = ""
    """Empty for a stranger."""
    shown: str = ""
    """What the user is called on pages."""
    csrf: str = ""
    """What a form must send back to show that it came from a page of ours."""
    path: str = "/"
    """The page's own address: where a form without JavaScript returns to."""
    theme: Theme = "auto"
    zone: str = ""
    """The reader's time zone, such as `Europe/Berlin`; empty while it is not known."""
    role: Role = "member"
    """What the account may do, so which pages it has."""
    keys: bool = True
    """Whether keys of one character do something."""
    past: Past | None = None
    """Where the page can show the past."""
    notice: str = ""
    """A sentence to show above everything, such as why the last form failed."""
    offer: Suggestion | None = None
    """What the ghost offers at the moment."""
