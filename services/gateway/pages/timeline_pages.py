"""The timeline, one event with its chain, and conversations as they were."""

from __future__ import annotations

from fastapi import Response
from msgspec.structs import replace

from proto import chat, memory, timeline, ui, ui_timeline
from proto.errors import Failure, Missing
from proto.events import Event
from proto.kinds import happening
from services.gateway.pages import lines as listed
from services.gateway.pages import panes, recall
from services.gateway.pages.past import moved, past
from services.gateway.pages.sifting import PAGE, asked, sift_of
from services.gateway.pages.undo_pages import toast
from services.gateway.visit import Visit, opened

TURN_LENGTH = 36
"""Characters of a turn's id."""


async def page(visit: Visit) -> Response:
    """Events, newest first; htmx may ask for the next page alone."""
    back = await past(visit)
    before, sift = visit.query("before")[:36], sift_of(visit, back.as_of)
    events: tuple[Event, ...] = ()
    problem = ""
    try:
        events = (await visit.call(memory.RECENT, asked(sift, before))).events
    except Failure as failure:
        if before and visit.swaps:
            raise
        problem = f"{panes.MEMORY_LATE} ({failure.message})"
    older = events[-1].id if len(events) == PAGE else ""
    if before and visit.swaps:
        return await visit.changed(ui.Older(events=events, sift=sift, older=older, before=before))
    frame = replace(visit.frame(), past=back)
    view = ui_timeline.TimelinePage(frame=frame, events=events, sift=sift, before=before, older=older, problem=problem)
    return moved(visit) or await visit.page(ui_timeline.TIMELINE, view)


async def event(visit: Visit) -> Response:
    """One event with what led to it, straight from the log, and what it led to."""
    journal = visit.gate.bus.journal
    found = await recall.recall(journal, visit.user, visit.path("event"))
    chain = await recall.causes(journal, visit.user, found)
    view = ui_timeline.EventPage(frame=visit.frame(), event=found, causes=chain, changes=_changes(found))
    try:
        led = await visit.call(timeline.EFFECTS, timeline.Trace(event=found.id))
        changes = _changes(found, *(each.event for each in led.effects))
        view = replace(view, effects=led.effects, more=led.more, changes=changes)
    except Failure as failure:
        view = replace(view, problem=f"What it led to is not known now. {failure.message}")
    return await visit.page(ui_timeline.EVENT, view)


def _changes(*found: Event) -> tuple[str, ...]:
    """Which of some events stand on the undo line."""
    return tuple(each.id for each in found if (said := toast(each, happening(each))) and said.event == each.id)


async def conversation_then(visit: Visit, conversation: str = "") -> Response:
    """Conversations as they were, or one of them."""
    frame, caller = replace(visit.frame(), past=await past(visit)), visit.caller(conversation)
    as_of = frame.past.as_of if frame.past else ""
    lines = await listed.then(visit.gate.bus, caller, as_of)
    view = ui_timeline.ThenPage(frame=frame, lines=lines)
    if conversation:
        view = replace(view, conversation=chat.Conversation(id=conversation, title="Conversation"))
        try:
            upto = visit.query("upto")[:TURN_LENGTH]
            asked_for = chat.Read(conversation=conversation, as_of=as_of, last=panes.WINDOW, upto=upto)
            view = replace(view, conversation=await visit.call(chat.READ, asked_for), upto=bool(upto))
        except Missing:
            pass
        except Failure as failure:
            view = replace(view, problem=failure.message)
    return moved(visit) or await visit.page(ui_timeline.THEN, view)


ROUTES = (
    opened("/timeline", page),
    opened("/timeline/{event}", event),
)
