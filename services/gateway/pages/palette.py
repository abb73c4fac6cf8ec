"""The command palette: where a few words can lead, and doing what they say."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import quote

from fastapi import Response

from proto import chat, llm, memory, tasks, ui_go
from proto.base import Nothing
from proto.errors import Failure
from proto.ui_go import Way, Ways
from services.gateway import message
from services.gateway.accounts.access import Who
from services.gateway.accounts.accounts import YEAR
from services.gateway.pages.pages import CONVERSATION_BYTES
from services.gateway.visit import Route, Visit, posted, see_other

SHOWN = 6
"""Places of one sort."""
TIMEOUT = 1.0
LONG_ENOUGH = 3
"""Characters from which on memory is searched."""
PAGES = (
    ("/", "Chat", "a new conversation"),
    ("/tasks", "Tasks", "the list"),
    ("/memory", "Memory", "search everything that happened"),
    ("/timeline", "Timeline", "every event, and looking back"),
    ("/undo", "Undo", "take changes back"),
    ("/box", "Box", "files, jobs and terminals"),
    ("/mind", "Mind", "what runs here"),
    ("/mind/actions", "Actions", "what can be asked for"),
    ("/settings", "Settings", "profile and password"),
    ("/settings/sessions", "Sessions", "browsers that are signed in"),
    ("/settings/keys", "API keys", "for other programs"),
)

Find = Callable[[Visit, str], Awaitable[tuple[Way, ...]]]


async def go(visit: Visit) -> Response:
    """Where words lead; htmx is given what was found alone."""
    query = " ".join(visit.query("q").split())[:500]
    found = await asyncio.gather(*(_found(sort, find, visit, query) for sort, find in _SORTS))
    ways = tuple(each for each in found if each.ways)
    view = ui_go.GoPage(frame=visit.frame(), query=query, found=ways, bare=visit.swaps)
    return await visit.page(ui_go.GO, view)


async def do(visit: Visit) -> Response:
    """Carry out a command; every page that is open tells what came of it."""
    said = message.said((await visit.form()).get("q", ""), "command")
    conversation = secrets.token_urlsafe(CONVERSATION_BYTES)
    request = chat.Send(conversation=conversation, text=said.text, mode="command")
    await visit.call(chat.SEND, request, conversation=conversation)
    return see_other(f"/chat/{conversation}")


async def keyboard(visit: Visit) -> Response:
    """Keep in the browser whether keys of one character do something."""
    response = see_other(await visit.back())
    chosen = "off" if (await visit.form()).get("keys") == "off" else "on"
    response.set_cookie("daimon_keys", chosen, max_age=YEAR, samesite="lax", secure=visit.gate.settings.secure)
    return response


async def _found(sort: str, find: Find, visit: Visit, query: str) -> Ways:
    """What one sort has; nothing while whoever knows it is away."""
    try:
        return Ways(sort=sort, ways=(await find(visit, query))[:SHOWN])
    except Failure:
        return Ways(sort=sort, ways=())


async def _pages(_: Visit, query: str) -> tuple[Way, ...]:
    ways = tuple(Way(path=path, title=title, note=note) for path, title, note in PAGES)
    named = [way for way in ways if _has(way.title, query)]
    return tuple(named + [way for way in ways if way not in named and _has(f"{way.title} {way.note}", query)])


async def _conversations(visit: Visit, query: str) -> tuple[Way, ...]:
    asked = memory.ListConversations(words=query[:200], limit=SHOWN)
    found = await visit.call(memory.CONVERSATIONS, asked, timeout=TIMEOUT)
    return tuple(Way(path=f"/chat/{_quoted(line.id)}", title=line.title) for line in found.conversations)


async def _tasks(visit: Visit, query: str) -> tuple[Way, ...]:
    if not query:
        return ()
    found = await visit.call(tasks.LIST, tasks.ListTasks(filter=query), timeout=TIMEOUT)
    return tuple(
        Way(path=f"/tasks/{_quoted(task.id)}", title=task.title, note="done" if task.done else "")
        for task in found.tasks
    )


async def _actions(visit: Visit, query: str) -> tuple[Way, ...]:
    if not query:
        return ()
    menu = await visit.call(llm.KNOWN_MENU, Nothing(), timeout=TIMEOUT)
    named = sorted(menu.actions, key=lambda action: not _has(action.name.replace(".", " "), query))
    return tuple(
        Way(path=f"/mind/actions#{_quoted(action.name)}", title=action.name, note=action.description.partition("\n")[0])
        for action in named
        if _has(f"{action.name.replace('.', ' ')} {action.description}", query)
    )


async def _events(visit: Visit, query: str) -> tuple[Way, ...]:
    if len(query) < LONG_ENOUGH:
        return ()
    found = await visit.call(memory.REMIND, memory.Search(query=query, limit=SHOWN), timeout=TIMEOUT)
    return tuple(Way(path=f"/timeline/{_quoted(hit.event)}", title=hit.sentence, note=hit.kind) for hit in found.hits)


def _has(text: str, query: str) -> bool:
    """Whether every word of a query begins a word of a text."""
    words = text.casefold().split()
    return all(any(word.startswith(wanted) for word in words) for wanted in query.casefold().split())


def _quoted(name: str) -> str:
    return quote(name, safe="")


_SORTS: tuple[tuple[str, Find], ...] = (
    ("Pages", _pages),
    ("Conversations", _conversations),
    ("Tasks", _tasks),
    ("Actions", _actions),
    ("What happened", _events),
)
ROUTES = (
    Route(method="GET", path="/go", who=Who.SIGNED_IN, answer=go),
    posted("/go", do),
    posted("/keyboard", keyboard, least="guest"),
)
