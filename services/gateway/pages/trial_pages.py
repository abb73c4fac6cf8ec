"""The form that tries an action: by the rules that hold for the model, in the name of whoever is signed in."""

from __future__ import annotations

import time

import msgspec
from fastapi import Response
from msgspec.structs import replace

from proto import llm, memory, trying, ui_mind
from proto.base import Nothing, new_id
from proto.chat import ToolUse
from proto.errors import Failure, Missing
from proto.llm import MenuItem
from proto.memory import ConversationLine
from proto.ui_mind import TryPage
from services.gateway.accounts.access import RANKS
from services.gateway.message import conversation_of
from services.gateway.pages import panes
from services.gateway.pages.fields import PREFIX, arguments, fields
from services.gateway.visit import Visit, opened, posted

PLACES = 10
"""Conversations that are offered."""
LONGEST = 120.0
"""Seconds that a page waits; what takes longer goes on, and its end is an event."""


async def show(visit: Visit) -> Response:
    """The form of an action."""
    return await visit.page(ui_mind.TRY, await _view(visit))


async def run(visit: Visit) -> Response:
    """Run what was typed, or ask first, or say what is wrong; what was typed stays."""
    form = await visit.form()
    view = replace(
        await _view(visit),
        typed={name.removeprefix(PREFIX): text for name, text in form.items() if name.startswith(PREFIX)},
        conversation=form.get("conversation", ""),
    )
    try:
        view, status = await _run(visit, view, form), 200
    except Failure as failure:
        view, status = replace(view, problem=failure.message), failure.code
    return await visit.page(ui_mind.TRY, view, status=status)


async def _run(visit: Visit, view: TryPage, form: dict[str, str]) -> TryPage:
    given = msgspec.json.encode(arguments(view.fields, form))
    checked = await visit.call(trying.CHECK, trying.Check(action=view.item.name, arguments=msgspec.Raw(given)))
    if checked.asks and form.get("sure") != "1":
        return replace(view, asks=checked.asks)
    caller = visit.caller(conversation_of(view.conversation) if view.conversation else "")
    began = time.perf_counter()
    try:
        reply = await visit.gate.bus.call_subject(checked.subject, given, caller=caller, timeout=LONGEST)
        result, ok = reply.decode(errors="replace"), True
    except Failure as failure:
        result, ok = failure.message, False
    seconds = time.perf_counter() - began
    done = ToolUse(
        call=new_id(), action=view.item.name, arguments=given.decode(), ok=ok, result=result, seconds=seconds
    )
    return replace(view, tool=done)


async def _view(visit: Visit) -> TryPage:
    item = await _item(visit)
    return TryPage(
        frame=visit.frame(path=f"/mind/actions/{item.name}"),
        item=item,
        fields=fields(bytes(item.schema)),
        conversations=await _places(visit),
        writes=RANKS[visit.role] >= RANKS["member"],
    )


async def _item(visit: Visit) -> MenuItem:
    name = visit.path("action")
    for item in (await visit.call(llm.MENU, Nothing())).actions:
        if item.name == name:
            return item
    raise Missing("There is no such action now. The page Actions lists those that there are.")


async def _places(visit: Visit) -> tuple[ConversationLine, ...]:
    asked = memory.ListConversations(limit=PLACES)
    try:
        return (await visit.call(memory.CONVERSATIONS, asked, timeout=panes.TIMEOUT)).conversations
    except Failure:
        return ()


ROUTES = (
    opened("/mind/actions/{action}", show),
    posted("/mind/actions/{action}", run),
)
