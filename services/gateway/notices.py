"""Notices: what a person is told wherever they are, as a sentence with the way to it."""

from __future__ import annotations

from urllib.parse import quote

from proto import ui
from proto.accounts import Notice
from proto.approvals import ApprovalAsked
from proto.chat import Answered
from proto.events import Event, Happening
from proto.jobs import JobEnded


def notice(event: Event, found: Happening | None, wanted: tuple[Notice, ...]) -> ui.Noted | None:
    """What to tell of an event; None where it is not worth one, or not wanted."""
    where = quote(event.conversation, safe="")
    match found:
        case Answered() if "commands" in wanted and (told := found.notice()):
            return ui.Noted(sentence=told, failed=found.outcome == "failed", path=f"/chat/{where}")
        case JobEnded(terminal=False) if "jobs" in wanted:
            path = f"/box/{where}/jobs/{quote(found.job, safe='')}"
            return ui.Noted(sentence=f"{event.sentence}.", failed=bool(found.exit_code), path=path)
        case ApprovalAsked(action=action) if "questions" in wanted:
            path = f"/chat/{where}" if where else "/mind/actions"
            return ui.Noted(sentence=f"{action} waits for your word.", failed=False, path=path)
    return None
