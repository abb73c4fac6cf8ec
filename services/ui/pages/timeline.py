"""The timeline: every event, newest first; one event with its chain; conversations as they were."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from proto.kinds import KINDS
from proto.timeline import Sift
from proto.ui import Html
from proto.ui_timeline import EventPage, ThenPage, TimelinePage
from services.ui.days import Day, grouped, today
from services.ui.templating import page as render

NOUNS = ("", *sorted({kind.partition(".")[0] for kind in KINDS}))
ACTORS = ("user", "model", "ghost", "system")


def page(view: TimelinePage) -> Html:
    """A page of the timeline."""
    zone, sift = view.frame.zone, view.sift
    days = grouped(view.events, zone, named=True)
    if not days or days[0].iso != today(zone):
        # What happens while the page is open needs its place, also where nothing happened today.
        days = [Day(iso=today(zone), heading="Today", events=(), id=f"day-{today(zone)}"), *days]
    return render(
        "timeline.html",
        frame=view.frame,
        view=view,
        days=days,
        today=today(zone),
        older=view.older,
        kinds=[(noun, replace(sift, noun=noun).query) for noun in NOUNS],
        actors=_actors(sift),
    )


def event_page(view: EventPage) -> Html:
    """One event."""
    found = msgspec.json.format(bytes(view.event.data), indent=2).decode()
    question = f"About “{view.event.sentence}” (event {view.event.id}): "
    fields = {name: getattr(view, name) for name in view.__struct_fields__}
    return render("event.html", **fields, found=found, question=question)


def then_page(view: ThenPage) -> Html:
    """Conversations as they were, or one of them."""
    return render("then.html", frame=view.frame, view=view, conversation=view.conversation)


def _actors(sift: Sift) -> tuple[str, ...]:
    return ACTORS if sift.actor in ("", *ACTORS) else (*ACTORS, sift.actor)
