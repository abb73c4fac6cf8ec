"""The task list on a page of its own, and one task of it."""

from __future__ import annotations

from proto.sorting import HOW
from proto.ui import Html
from proto.ui_tasks import TaskPage, TasksPage
from services.ui.templating import page as render


def page(view: TasksPage) -> Html:
    """The list."""
    return render("tasks.html", frame=view.frame, board=view.board, orders=HOW)


def one(view: TaskPage) -> Html:
    """One task with the form that renames it."""
    return render(
        "task.html", frame=view.frame, task=view.task, touch=view.touch, draft=view.draft, problem=view.problem
    )
