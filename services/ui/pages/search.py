"""The search page."""

from __future__ import annotations

from proto.ui import Html
from proto.ui_memory import SearchPage
from services.ui.pages.timeline import NOUNS
from services.ui.templating import page as render


def page(view: SearchPage) -> Html:
    """A search and what it found."""
    return render("search.html", frame=view.frame, view=view, nouns=NOUNS)
