"""Notices on pages: the sentence, with the way to what it tells of."""

from __future__ import annotations

from urllib.parse import quote

from proto import ui
from proto.accounts import Notice
from proto.events import Event, Happening
from proto.jobs import JobEnded
from proto.notices import told


def notice(event: Event, found: Happening | None, wanted: tuple[Notice, ...]) -> ui.Noted | None:
    """What to tell of an event; None where it is not worth one, or not wanted."""
    what = told(event, found)
    if what is None or what.about not in wanted:
        return None
    return ui.Noted(sentence=what.sentence, failed=what.failed, path=_path(event.conversation, found))


def _path(conversation: str, found: Happening | None) -> str:
    where = quote(conversation, safe="")
    if not where:
        return "/mind/actions"
    if isinstance(found, JobEnded):
        return f"/box/{where}/jobs/{quote(found.job, safe='')}"
    return f"/chat/{where}"
