"""Who may use a route: one decision for every request, and without a reason to allow the answer is no."""

from __future__ import annotations

import hashlib
import hmac
from enum import Enum
from typing import ClassVar

import msgspec

from proto.accounts import Role
from proto.errors import Failure, Refused

SAFE = {"GET", "HEAD"}
_OURS = {"same-origin", "none"}
_JSON = "application/json"


class Who(Enum):
    """Whom a route is for."""

    ANYONE = "anyone"
    SIGNED_IN = "signed in"
    """A browser with a session."""
    PROGRAM = "program"
    """Whoever shows an API key; a browser's cookie opens nothing here, so no other site can use it."""
    EITHER = "either"
    SCRAPER = "scraper"
    """An API key, or whoever asks from this machine where the settings allow that."""


KEY_ONLY = (Who.PROGRAM, Who.SCRAPER)
RANKS: dict[Role, int] = {"guest": 0, "member": 1, "owner": 2}
LOOK_ONLY = "Your account may look at things but not change them. The owner can give it another role."
OWNERS = "Only an owner may do that."


class NotSignedIn(Failure):
    """Sign in first: `daimon link` prints an address that does it."""

    code: ClassVar[int] = 401


class NoKey(NotSignedIn):
    """This takes an API key, as `Authorization: Bearer daimon-…`; `daimon keys add` makes one."""


class Knock(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a request before it is let in."""

    method: str
    who: Who | None
    """None for a route that names nobody; it is closed."""
    user: str = ""
    """The account of its session, empty for a stranger."""
    trusted: bool = False
    """Whether it comes from this machine, and the settings allow such a one to read numbers without a key."""
    role: Role = "guest"
    """What that account may do."""
    least: Role | None = None
    """What an account must be to use the route; None for guests to look and members to change."""
    by_key: bool = False
    """Whether it shows an API key, which no browser sends by itself, so it needs no token."""
    expected: str = ""
    """The session's CSRF token."""
    given: str = ""
    """The CSRF token that came with the request."""
    media_type: str = ""
    fetch_site: str = ""
    """`Sec-Fetch-Site`, which no page can forge; older browsers leave it out."""
    origin: str = ""
    ours: tuple[str, ...] = ()
    """The origins of our own pages."""


def decide(knock: Knock) -> None:
    """Return when the request may go on; NotSignedIn or Refused otherwise."""
    if knock.who is None:
        raise Refused
    if knock.who is Who.SCRAPER and knock.trusted and knock.method in SAFE:
        return
    if knock.who is not Who.ANYONE and not knock.user:
        raise NoKey if knock.who in KEY_ONLY else NotSignedIn
    if knock.who is not Who.ANYONE:
        _ranked(knock)
    if knock.method in SAFE:
        return
    if _foreign(knock):
        raise Refused("That came from another site, so it was not done. Use Daimon's own page.")
    if knock.who is not Who.ANYONE and not knock.by_key and not _proven(knock):
        raise Refused("The page was too old for that. Reload it and try again.")


def csrf(secret: str) -> str:
    """The token that a session's own pages send back, derived from its secret, so nothing need be kept."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()[:32] if secret else ""


def _ranked(knock: Knock) -> None:
    least = knock.least or ("guest" if knock.method in SAFE else "member")
    if RANKS[knock.role] < RANKS[least]:
        raise Refused(OWNERS if least == "owner" else LOOK_ONLY)


def _foreign(knock: Knock) -> bool:
    if knock.fetch_site:
        return knock.fetch_site not in _OURS
    # Our pages send no referrer, and then browsers send `null` for our own forms too: the token decides those.
    return knock.origin not in ("", "null", *knock.ours)


def _proven(knock: Knock) -> bool:
    # No form can send JSON, and a script of another site would have to ask first, which is never granted.
    if knock.media_type == _JSON:
        return True
    return bool(knock.expected) and hmac.compare_digest(knock.expected.encode(), knock.given.encode("utf-8", "replace"))
