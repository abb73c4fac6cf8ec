"""The pages: what a browser opens."""

from __future__ import annotations

import asyncio
import secrets

from fastapi import Response
from msgspec.structs import replace

from proto import ui
from proto.chat import Conversation, Mode
from proto.errors import Failure
from services.gateway.pages import lines as listed
from services.gateway.pages import panes, timeline_pages
from services.gateway.pages.past import since_begun
from services.gateway.visit import Visit, opened

CONVERSATION_BYTES = 9
"""Random bytes of a new conversation's id: 12 characters of an address."""


async def home(visit: Visit) -> Response:
    """A new conversation."""
    if visit.query("as_of") or visit.query("at"):
        return await timeline_pages.conversation_then(visit)
    fresh = Conversation(id=secrets.token_urlsafe(CONVERSATION_BYTES), title="")
    view = ui.ChatPage(frame=visit.frame(path=f"/chat/{fresh.id}"), conversation=fresh, draft=visit.query("draft"))
    return await chat_page(visit, view)


async def conversation(visit: Visit) -> Response:
    """A conversation as it is now."""
    if visit.query("as_of") or visit.query("at"):
        return await timeline_pages.conversation_then(visit, visit.conversation)
    caller, upto = visit.caller(visit.conversation), visit.query("upto")
    try:
        found, problem = await panes.conversation(visit.gate.bus, caller, upto=upto), ""
    except Failure as failure:
        if visit.swaps:
            raise
        found, problem = Conversation(id=caller.conversation, title=""), failure.message
    if visit.swaps and upto:
        change = ui.Earlier(exchanges=found.exchanges, earlier=found.earlier)
        return await visit.changed(change, path=visit.request.url.path)
    mode = mode_of(visit.query("mode"))
    view = ui.ChatPage(frame=visit.frame(), conversation=found, problem=problem, mode=mode, upto=bool(upto))
    return await chat_page(visit, view)


async def chat_page(visit: Visit, view: ui.ChatPage, *, status: int = 200) -> Response:
    """A conversation with everything that stands beside it."""
    bus, caller = visit.gate.bus, visit.caller(view.conversation.id)
    lines, board, engine, network, marks, back = await asyncio.gather(
        listed.lines(bus, caller),
        panes.board(bus, caller),
        panes.answering(bus, caller),
        panes.network(bus, caller),
        listed.standing(bus.journal, caller.user, caller.conversation),
        since_begun(bus.journal, caller.user, caller.conversation),
    )
    frame = replace(view.frame, past=back)
    view = replace(view, frame=frame, lines=lines, board=board, engine=engine, network=network, marks=marks)
    return await visit.page(ui.CHAT, view, status=status)


def mode_of(text: str) -> Mode:
    """A mode by its name; chat for any other word."""
    return "command" if text == "command" else "chat"


ROUTES = (
    opened("/", home),
    opened("/chat/{conversation}", conversation),
)
