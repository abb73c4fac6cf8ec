"""The pages of somebody who is not signed in."""

from __future__ import annotations

from proto.ui import Html
from proto.ui_accounts import LinkPage, SignInPage
from services.ui.templating import page


def sign_in(view: SignInPage) -> Html:
    """How to get in."""
    return page("sign_in.html", frame=view.frame, name=view.name)


def link(view: LinkPage) -> Html:
    """The one button of a one-time link."""
    return page("link.html", frame=view.frame, path=view.path, name=view.name)
