"""The timeline: every event, newest first, and one event with what led to it."""

from __future__ import annotations

import msgspec

from proto.kinds import KINDS
from proto.ui import EventPage, Html, TimelinePage
from services.ui.templating import page as render

NOUNS = tuple(sorted({kind.partition(".")[0] for kind in KINDS}))


def page(view: TimelinePage) -> Html:
    """A page of the timeline."""
    return render("timeline.html", frame=view.frame, view=view, events=view.events, older=view.older, nouns=NOUNS)


def event_page(view: EventPage) -> Html:
    """One event."""
    found = msgspec.json.format(bytes(view.event.data), indent=2).decode()
    return render("event.html", frame=view.frame, event=view.event, causes=view.causes, found=found)
