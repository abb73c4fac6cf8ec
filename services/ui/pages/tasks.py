"""The task list on a page of its own."""

from __future__ import annotations

from proto.ui import Html, TasksPage
from services.ui.templating import page as render


def page(view: TasksPage) -> Html:
    """The list."""
    return render("tasks.html", frame=view.frame, board=view.board)
