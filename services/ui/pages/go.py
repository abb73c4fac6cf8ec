"""The command palette: on every page, and as a page of its own."""

from __future__ import annotations

from proto.ui import Html
from proto.ui_go import GoPage
from services.ui.templating import block
from services.ui.templating import page as render


def page(view: GoPage) -> Html:
    """What was found, with the page around it or without."""
    if view.bare:
        return Html(html=block("go.html", "found", frame=view.frame, view=view))
    return render("go.html", frame=view.frame, view=view)
