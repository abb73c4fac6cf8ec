"""The pages: what a browser opens."""

from __future__ import annotations

import asyncio
import secrets

from fastapi import Response
from msgspec.structs import replace

from proto import llm, memory, ui
from proto.base import Nothing
from proto.chat import Conversation, Mode
from proto.errors import Failure
from proto.events import Event
from proto.kinds import KINDS
from services.gateway import panes, recall
from services.gateway.access import Who
from services.gateway.visit import Endpoint, Route, Visit

CONVERSATION_BYTES = 9
"""Random bytes of a new conversation's id: 12 characters of an address."""
TIMELINE_PAGE = 100
MEMORY_LATE = "Memory is still catching up. What is done meanwhile is safe and will appear."


async def home(visit: Visit) -> Response:
    """A new conversation."""
    fresh = Conversation(id=secrets.token_urlsafe(CONVERSATION_BYTES), title="")
    view = ui.ChatPage(frame=visit.frame(path=f"/chat/{fresh.id}"), conversation=fresh, draft=visit.query("draft"))
    return await chat_page(visit, view)


async def conversation(visit: Visit) -> Response:
    """A conversation as it is now."""
    caller = visit.caller(visit.conversation)
    try:
        found, problem = await panes.conversation(visit.gate.bus, caller), ""
    except Failure as failure:
        found, problem = Conversation(id=caller.conversation, title=""), failure.message
    view = ui.ChatPage(frame=visit.frame(), conversation=found, problem=problem, mode=mode_of(visit.query("mode")))
    return await chat_page(visit, view)


async def chat_page(visit: Visit, view: ui.ChatPage, *, status: int = 200) -> Response:
    """A conversation with everything that stands beside it."""
    bus, caller = visit.gate.bus, visit.caller(view.conversation.id)
    lines, board, engine = await asyncio.gather(panes.lines(bus, caller), panes.board(bus, caller), _engine(visit))
    return await visit.page(ui.CHAT, replace(view, lines=lines, board=board, engine=engine), status=status)


async def timeline(visit: Visit) -> Response:
    """Events, newest first; htmx asks only for the next page."""
    before, noun = visit.query("before"), visit.query("noun")
    events: tuple[Event, ...] = ()
    problem = ""
    try:
        events = await recent(visit, before, noun)
    except Failure as failure:
        if visit.swaps:
            raise
        problem = f"{MEMORY_LATE} ({failure.message})"
    older = events[-1].id if len(events) == TIMELINE_PAGE else ""
    if visit.swaps:
        return await visit.changed(ui.Older(events=events, noun=noun, older=older))
    view = ui.TimelinePage(frame=visit.frame(), events=events, noun=noun, before=before, older=older, problem=problem)
    return await visit.page(ui.TIMELINE, view)


async def event(visit: Visit) -> Response:
    """One event and the chain of what led to it, straight from the log."""
    journal = visit.gate.bus.journal
    found = await recall.recall(journal, visit.user, visit.path("event"))
    chain = await recall.causes(journal, visit.user, found)
    return await visit.page(ui.EVENT, ui.EventPage(frame=visit.frame(), event=found, causes=chain))


async def recent(visit: Visit, before: str, noun: str) -> tuple[Event, ...]:
    """A page of the log, newest first."""
    asked = memory.Recent(before=before[:36], kinds=kinds_of(noun), limit=TIMELINE_PAGE)
    return (await visit.call(memory.RECENT, asked)).events


def mode_of(text: str) -> Mode:
    """A mode by its name; chat for any other word."""
    return "command" if text == "command" else "chat"


def kinds_of(noun: str) -> tuple[str, ...]:
    """The kinds of events of a noun; none, which means all, for a noun that is not known."""
    return tuple(sorted(kind for kind in KINDS if kind.startswith(f"{noun}.")))


async def _engine(visit: Visit) -> llm.Engine | None:
    try:
        return await visit.call(llm.ENGINE, Nothing(), timeout=panes.TIMEOUT)
    except Failure:
        return None


def _page(path: str, answer: Endpoint) -> Route:
    return Route(method="GET", path=path, who=Who.SIGNED_IN, answer=answer, visited=True)


ROUTES = (
    _page("/", home),
    _page("/chat/{conversation}", conversation),
    _page("/timeline", timeline),
    _page("/timeline/{event}", event),
)
