"""Accounts: who there is, what they may do, one-time links, and what happens around sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal, get_args

import msgspec
from msgspec import Meta

from proto.base import Call, Nothing
from proto.events import Happening, Inverse

SESSIONS = "daimon_sessions"
"""The key-value bucket of sessions and one-time links, by the hash of their secret."""
ACCOUNTS = "daimon_accounts"
"""The key-value bucket of accounts, and of API keys by the hash of their secret."""

Role = Literal["owner", "member", "guest"]
"""The owner may do everything, a member everything of their own, a guest may only look at it."""
State = Literal["invited", "active", "disabled", "deleted"]
NewState = Literal["active", "disabled", "deleted"]
Notice = Literal["commands", "jobs", "questions"]
"""What came of commands, jobs that ended, calls that wait for a person's word."""
NOTICES: tuple[Notice, ...] = get_args(Notice)
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\w.@+-]+$")]
"""Letters of any script, digits, and `. @ + - _`; large and small letters do not make another account."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody wants to be met."""

    shown: str = ""
    """What they are called; the account's name when empty."""
    zone: str = ""
    """Time zone, such as `Europe/Oslo`; where the browser is when empty."""
    language: str = ""
    """What the model answers in, and whose words memory knows the forms of; the language of the question when empty."""
    notices: tuple[Notice, ...] = NOTICES
    """What is told on every open page."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Who somebody is; never their password."""

    name: str
    role: Role = "member"
    state: State = "active"
    made: datetime
    password: bool = False
    """Whether it has one; without, only one-time links sign in."""
    profile: Profile = Profile()


class Invite(msgspec.Struct, frozen=True, kw_only=True):
    """Make a one-time link that signs a user in; an account that is not there yet is made with it."""

    user: str
    role: Role = "member"
    """What a new account may do."""
    welcome: bool = False
    """Whether whoever uses the link chooses a password first."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time link."""

    path: str
    """Path on the gateway, such as `/in/…`."""
    minutes: int
    """How long it can be used."""


class Accounts(msgspec.Struct, frozen=True, kw_only=True):
    """All accounts, by name."""

    accounts: tuple[Account, ...]


class ChangeAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Give an account another role, disable it, enable it, or delete it.

    One that is not active has no sessions, keys or streams from that moment on. A deleted name is never used again, for
    what its owner did stays in the log under it.
    """

    user: str
    role: Role | None = None
    state: NewState | None = None


class SignedIn(Happening, frozen=True, kw_only=True):
    """A browser signed in."""

    kind: ClassVar[str] = "session.opened"
    by: str = "link"

    def sentence(self) -> str:
        return f"Signed in by {self.by}"


class SignedOut(Happening, frozen=True, kw_only=True):
    """A browser signed out."""

    kind: ClassVar[str] = "session.closed"

    def sentence(self) -> str:
        return "Signed out"


class Visited(Happening, frozen=True, kw_only=True):
    """A page was opened."""

    kind: ClassVar[str] = "page.visited"
    path: str

    def sentence(self) -> str:
        return f"Opened {self.path}"


class SignInFailed(Happening, frozen=True, kw_only=True):
    """Somebody gave a wrong password for this account."""

    kind: ClassVar[str] = "session.refused"
    address: str

    def sentence(self) -> str:
        return f"Somebody at {self.address} gave a wrong password"


class SessionRevoked(Happening, frozen=True, kw_only=True):
    """A session was ended from elsewhere."""

    kind: ClassVar[str] = "session.revoked"
    session: str
    by: str

    def sentence(self) -> str:
        return f"{self.by} signed a browser out"


class PasswordSet(Happening, frozen=True, kw_only=True):
    """A password was chosen."""

    kind: ClassVar[str] = "account.secured"

    def sentence(self) -> str:
        return "Chose a password"


class Invited(Happening, frozen=True, kw_only=True):
    """A one-time link was made for this account."""

    kind: ClassVar[str] = "account.invited"
    role: Role

    def sentence(self) -> str:
        return f"Was invited as {self.role}"


class Meet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Meet somebody as they want to be met."""

    profile: Profile


class ProfileChanged(Happening, frozen=True, kw_only=True):
    """Somebody wants to be met otherwise."""

    kind: ClassVar[str] = "account.profiled"
    profile: Profile = Profile()
    before: Profile | None = None
    """What it was; None where that was not written down."""

    def inverse(self) -> Inverse | None:
        return None if self.before is None else Inverse(call=MEET, request=Meet(profile=self.before), thing="profile")

    def sentence(self) -> str:
        known = {name: value for name, value in msgspec.structs.asdict(self.profile).items() if value}
        known["notices"] = " and ".join(self.profile.notices) or "none"
        return "Changed the profile: " + ", ".join(f"{name} {value}" for name, value in known.items())


class Exported(Happening, frozen=True, kw_only=True):
    """All that is kept of an account was handed out as a file."""

    kind: ClassVar[str] = "account.exported"

    def sentence(self) -> str:
        return "Downloaded all that is kept"


class AccountChanged(Happening, frozen=True, kw_only=True):
    """An account has another role or state."""

    kind: ClassVar[str] = "account.changed"
    role: Role
    state: State
    by: str

    def sentence(self) -> str:
        return f"{self.by} made this account {self.role}, {self.state}"


INVITE = Call("daimon.svc.gateway.invite", Invite, Link)
LIST_ACCOUNTS = Call("daimon.svc.gateway.list_accounts", Nothing, Accounts)
CHANGE_ACCOUNT = Call("daimon.svc.gateway.change_account", ChangeAccount, Account)
MEET = Call("daimon.own.{user}.account.meet", Meet, Profile)
CALLS = (INVITE, LIST_ACCOUNTS, CHANGE_ACCOUNT)
OWN = (MEET,)
INVERSES = OWN
KINDS: tuple[type[Happening], ...] = (
    *(SignedIn, SignedOut, SignInFailed, SessionRevoked, Visited),
    *(PasswordSet, Invited, AccountChanged, ProfileChanged, Exported),
)
