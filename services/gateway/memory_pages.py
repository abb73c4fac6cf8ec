"""The pages of memory: what can be found in it, and how far it has come."""

from __future__ import annotations

from fastapi import Response
from msgspec.structs import replace

from proto import memory, ui_memory
from proto.errors import Failure
from services.gateway.access import Who
from services.gateway.panes import MEMORY_LATE
from services.gateway.sifting import kinds_of
from services.gateway.visit import Endpoint, Route, Visit, see_other


async def search(visit: Visit) -> Response:
    """A search over everything that happened."""
    query, noun = visit.query("q").strip(), visit.query("noun")
    view = ui_memory.SearchPage(frame=visit.frame(), query=query, noun=noun)
    if not query:
        return await visit.page(ui_memory.SEARCH, view)
    try:
        hits = await visit.call(memory.SEARCH, memory.Search(query=query[:2000], kinds=kinds_of(noun), limit=30))
        view = replace(view, hits=hits)
    except Failure as failure:
        view = replace(view, problem=f"{MEMORY_LATE} ({failure.message})")
    return await visit.page(ui_memory.SEARCH, view)


async def moved(visit: Visit) -> Response:
    """Where search was before."""
    asked = visit.request.url.query
    return see_other(f"/memory?{asked}" if asked else "/memory")


def _page(path: str, answer: Endpoint) -> Route:
    return Route(method="GET", path=path, who=Who.SIGNED_IN, answer=answer, visited=True)


ROUTES = (
    _page("/memory", search),
    _page("/search", moved),
)
