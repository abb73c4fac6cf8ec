"""The settings pages: profile, sessions, API keys, users."""

from __future__ import annotations

from proto.accounts import Role
from proto.ui import Html
from proto.ui_accounts import KeysPage, ProfilePage, SessionsPage, UsersPage
from services.ui.templating import page as render

_TABS = (("/settings", "Profile"), ("/settings/sessions", "Sessions"), ("/settings/keys", "API keys"))
_OWNERS = (("/settings/users", "Users"),)


def profile(view: ProfilePage) -> Html:
    """One's own account."""
    tabs = _tabs(view.account.role)
    return render("profile.html", heading="Settings", tabs=tabs, frame=view.frame, account=view.account)


def sessions(view: SessionsPage) -> Html:
    """The browsers that are signed in."""
    lines, tabs = view.sessions, _tabs(view.role)
    return render("sessions.html", heading="Sessions", tabs=tabs, frame=view.frame, role=view.role, sessions=lines)


def keys(view: KeysPage) -> Html:
    """One's API keys, and the secret of one that was just made."""
    tabs = _tabs(view.role)
    return render("keys.html", heading="API keys", tabs=tabs, frame=view.frame, keys=view.keys, made=view.made)


def users(view: UsersPage) -> Html:
    """Everybody's account, and a link that was just made."""
    shown = {"accounts": view.accounts, "link": view.link, "invited": view.invited}
    return render("users.html", heading="Users", tabs=_tabs("owner"), frame=view.frame, **shown)


def _tabs(role: Role) -> tuple[tuple[str, str], ...]:
    return _TABS + (_OWNERS if role == "owner" else ())
