"""The JSON interface: what other programs ask over HTTP."""

from __future__ import annotations

import asyncio
import secrets

import msgspec
from fastapi import Response

from proto import chat, llm, memory, tasks
from proto.base import Nothing
from proto.chat import Mode, Outcome, ToolUse
from proto.errors import Invalid, TimedOut, Unavailable
from services.gateway import message
from services.gateway.accounts.access import Who
from services.gateway.pages import finding, panes
from services.gateway.pages.pages import CONVERSATION_BYTES
from services.gateway.visit import Endpoint, Route, Visit
from services.runtime.bus import Interrupted
from services.runtime.pieces import whole_conversation

PIECE = 500
"""Exchanges of a conversation that are read at a time, and fewer where they are long."""


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked."""

    text: str
    mode: Mode = "chat"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    turn: str
    conversation: str
    outcome: Outcome | None = None
    """None when nobody waited for the end."""
    answer: str = ""
    error: str = ""
    tools: tuple[ToolUse, ...] = ()


async def do(visit: Visit) -> Response:
    """Carry out one request in command mode and return when it is done."""
    request = await visit.json(Said)
    return await _converse(visit, secrets.token_urlsafe(CONVERSATION_BYTES), request.text, "command")


async def say(visit: Visit) -> Response:
    """Say something in a conversation; with `Prefer: respond-async` the answer is not waited for."""
    request = await visit.json(Said)
    return await _converse(visit, visit.conversation, request.text, request.mode)


async def read(visit: Visit) -> Response:
    """A conversation as a whole."""
    bus, caller = visit.gate.bus, visit.caller(visit.conversation)
    return _json(await whole_conversation(lambda upto: panes.conversation(bus, caller, upto=upto, last=PIECE)))


async def list_tasks(visit: Visit) -> Response:
    """The task list."""
    found = await visit.call(tasks.LIST, tasks.ListTasks())
    return _json(found)


async def search(visit: Visit) -> Response:
    """Search everything that happened."""
    found = await visit.call(memory.SEARCH, finding.asked(visit.request.query_params))
    return _json(found)


async def actions(visit: Visit) -> Response:
    """The live menu of actions."""
    found = await visit.call(llm.MENU, Nothing())
    return _json(found)


async def _converse(visit: Visit, conversation: str, text: str, mode: Mode) -> Response:
    said = message.said(message.text_of(text), mode)
    if not said.text:
        raise Invalid("There is nothing in the message but a mode. Write what is to be done.")
    request = chat.Send(conversation=conversation, text=said.text, mode=said.mode)
    if "respond-async" in visit.request.headers.get("prefer", ""):
        accepted = await visit.call(chat.SEND, request, conversation=conversation)
        return _json(Told(turn=accepted.turn, conversation=conversation), status=202)
    return _json(await _answered(visit, request))


async def _answered(visit: Visit, request: chat.Send) -> Told:
    limit = visit.gate.settings.answer_seconds
    try:
        async with asyncio.timeout(limit):
            return await _follow(visit, request)
    except TimeoutError as error:
        where = f"/api/conversations/{request.conversation}"
        raise TimedOut(f"The answer is still being written after {limit:g} seconds; read it at {where}.") from error
    except Interrupted as error:
        raise Unavailable("The bus went away meanwhile; read the conversation to see what became of it.") from error


async def _follow(visit: Visit, request: chat.Send) -> Told:
    """Send, and collect the parts of this turn until it ends."""
    tools: dict[str, ToolUse] = {}
    async with visit.gate.bus.feed(chat.PARTS).follow(visit.user, request.conversation) as parts:
        accepted = await visit.call(chat.SEND, request, conversation=request.conversation)
        async for (_, _, turn), part in parts:
            if turn != accepted.turn:
                continue
            if isinstance(part, chat.Calling | chat.Returned):
                tools[part.tool.call] = part.tool
            if isinstance(part, chat.Ended):
                return Told(
                    turn=turn,
                    conversation=request.conversation,
                    outcome=part.outcome,
                    answer=part.answer,
                    error=part.error,
                    tools=tuple(tools.values()),
                )
    raise Interrupted


def _json(found: msgspec.Struct, *, status: int = 200) -> Response:
    return Response(msgspec.json.encode(found), status, media_type="application/json")


def _asked(path: str, answer: Endpoint) -> Route:
    return Route(method="POST", path=f"/api/{path}", who=Who.EITHER, answer=answer, takes=Said, gives=Told)


def _read(path: str, answer: Endpoint, gives: type[msgspec.Struct], *query: str) -> Route:
    return Route(method="GET", path=f"/api/{path}", who=Who.EITHER, answer=answer, gives=gives, query=query)


ROUTES = (
    _asked("do", do),
    _asked("chat/{conversation}", say),
    _read("conversations/{conversation}", read, chat.Conversation),
    _read("tasks", list_tasks, tasks.TaskList),
    _read("search", search, memory.Hits, *finding.PARAMETERS),
    _read("actions", actions, llm.Menu),
)
