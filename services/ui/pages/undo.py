"""The one undo line of a user and the model."""

from __future__ import annotations

from proto.ui import Html
from proto.ui_undo import UndoPage
from services.ui.templating import page as render


def page(view: UndoPage) -> Html:
    """The line, and what undoing one step of it would undo."""
    return render("undo.html", frame=view.frame, view=view, line=view.line, preview=view.preview)
