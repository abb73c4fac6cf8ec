"""The pages of a conversation's box: how it stands, a file, a job or a terminal."""

from __future__ import annotations

from msgspec.structs import asdict

from proto.ui import Html
from proto.ui_box import BoxPage, FilePage, JobPage
from services.ui.templating import page as render


def page(view: BoxPage) -> Html:
    """A box."""
    return render("box.html", frame=view.frame, view=view, **asdict(view.content))


def file(view: FilePage) -> Html:
    """A file, by its lines and in an editor."""
    lines = view.file.text.split("\n")
    return render("box_file.html", frame=view.frame, view=view, file=view.file, lines=lines)


def job(view: JobPage) -> Html:
    """A job or a terminal."""
    shown = view.printed or view.screen
    fields = asdict(shown) if shown else {}
    return render("box_job.html", frame=view.frame, view=view, job=view.job, **fields)
