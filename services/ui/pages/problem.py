"""The page of something that could not be done."""

from __future__ import annotations

from proto.ui import Html, ProblemPage
from services.ui.templating import page as render


def page(view: ProblemPage) -> Html:
    """What went wrong, and what to do now."""
    return render("problem.html", frame=view.frame, status=view.status, sentence=view.sentence)
