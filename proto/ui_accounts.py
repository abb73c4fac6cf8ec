"""Views of the door and of the settings pages, and the calls that turn them into HTML."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from proto.accounts import Account, Notice, Profile, Role
from proto.base import Call
from proto.keys import ApiKey, NewKey
from proto.ui import Frame, Html


class SignInPage(msgspec.Struct, frozen=True, kw_only=True):
    """Where a stranger arrives."""

    frame: Frame
    name: str = ""
    """The name that was typed already."""


class LinkPage(msgspec.Struct, frozen=True, kw_only=True):
    """Where a one-time link leads: one button, so that a program that only looks at the link does not use it up."""

    frame: Frame
    path: str = ""
    """Where the button posts to; empty when the link cannot be used."""
    name: str = ""
    """The account that chooses a password here, empty where none is asked for."""


class SessionLine(msgspec.Struct, frozen=True, kw_only=True):
    """One browser that is signed in."""

    id: str
    user: str
    agent: str
    """How it called itself."""
    made: datetime | None
    expires: datetime
    here: bool = False
    """Whether it is the one that asks."""


class ProfilePage(msgspec.Struct, frozen=True, kw_only=True):
    """One's own account."""

    frame: Frame
    account: Account
    profile: Profile = Profile()
    """As it is, or as it was typed and not taken."""


class NoticesPage(msgspec.Struct, frozen=True, kw_only=True):
    """What one is told of, and whether the assistant speaks unasked."""

    frame: Frame
    notices: tuple[Notice, ...] = ()
    wakes: bool = True
    problem: str = ""
    """Why it is not known whether it does."""


class SessionsPage(msgspec.Struct, frozen=True, kw_only=True):
    """The browsers that are signed in: one's own, and for the owner everybody's."""

    frame: Frame
    role: Role
    sessions: tuple[SessionLine, ...]


class KeysPage(msgspec.Struct, frozen=True, kw_only=True):
    """One's API keys."""

    frame: Frame
    role: Role
    keys: tuple[ApiKey, ...]
    made: NewKey | None = None
    """The key that was just made, to be shown this once."""


class UsersPage(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody's account, for the owner."""

    frame: Frame
    accounts: tuple[Account, ...]
    words: str = ""
    """What is in the names of those that are shown."""
    more: int = 0
    """How many there are besides."""
    link: str = ""
    """The address of a one-time link that was just made, to be shown this once."""
    invited: str = ""
    """Whom it is for."""


SIGN_IN = Call("daimon.svc.ui.sign_in", SignInPage, Html)
LINK = Call("daimon.svc.ui.link", LinkPage, Html)
PROFILE = Call("daimon.svc.ui.profile", ProfilePage, Html)
NOTICES = Call("daimon.svc.ui.notices", NoticesPage, Html)
SESSIONS = Call("daimon.svc.ui.sessions", SessionsPage, Html)
KEYS = Call("daimon.svc.ui.keys", KeysPage, Html)
USERS = Call("daimon.svc.ui.users", UsersPage, Html)
CALLS: tuple[Call[Any, Html], ...] = (SIGN_IN, LINK, PROFILE, NOTICES, SESSIONS, KEYS, USERS)
