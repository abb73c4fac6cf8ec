"""Notices on pages: the sentence, with the way to what it tells of."""

from __future__ import annotations

from urllib.parse import quote

from proto import chat, ui
from proto.accounts import Notice
from proto.events import Event, Happening
from proto.jobs import JobEnded
from proto.notices import told
from services.gateway.pages import suggestion_pages, undo_pages


class Corner:
    """What one page says in its corners; of a command that changed something only the change, which can be undone."""

    def __init__(self, wanted: tuple[Notice, ...]) -> None:
        self._wanted = wanted
        self._called: dict[str, str] = {}
        """The turns of calls, by the event that recorded the call."""
        self._changed: set[str] = set()
        """Turns that changed something."""

    def hear(self, event: Event, found: Happening | None) -> tuple[ui.Change, ...]:
        """What is said of an event."""
        if isinstance(found, chat.Called):
            self._called[event.id] = found.turn
        toast = undo_pages.toast(event, found)
        if toast:
            self._changed.add(self._called.get(event.cause, ""))
        said = notice(event, found, self._wanted)
        if isinstance(found, chat.Answered) and self._ends(found.turn) and said and not said.failed:
            said = None
        return tuple(filter(None, (said, toast, suggestion_pages.told(event, found))))

    def _ends(self, turn: str) -> bool:
        """Forget a turn; returns whether it changed something."""
        self._called = {call: name for call, name in self._called.items() if name != turn}
        changed = turn in self._changed
        self._changed.discard(turn)
        return changed


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
