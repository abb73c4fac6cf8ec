"""The settings pages about accounts: profile, sessions, API keys, users."""

from __future__ import annotations

from proto.ui import Html
from proto.ui_accounts import KeysPage, NoticesPage, ProfilePage, SessionsPage, UsersPage
from services.ui.templating import page as render


def profile(view: ProfilePage) -> Html:
    """One's own account."""
    return render("profile.html", heading="Profile", frame=view.frame, account=view.account, profile=view.profile)


def notices(view: NoticesPage) -> Html:
    """What one is told of."""
    return render("notices.html", heading="Notifications", frame=view.frame, view=view)


def sessions(view: SessionsPage) -> Html:
    """The browsers that are signed in."""
    return render("sessions.html", heading="Sessions", frame=view.frame, role=view.role, sessions=view.sessions)


def keys(view: KeysPage) -> Html:
    """One's API keys, and the secret of one that was just made."""
    return render("keys.html", heading="API keys", frame=view.frame, keys=view.keys, made=view.made)


def users(view: UsersPage) -> Html:
    """Accounts, the way to the others, and a link that was just made."""
    found = {"accounts": view.accounts, "words": view.words, "more": view.more}
    return render("users.html", heading="Users", frame=view.frame, link=view.link, invited=view.invited, **found)
