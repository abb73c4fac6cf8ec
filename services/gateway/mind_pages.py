"""The pages of Daimon itself: what runs, and what it can do."""

from __future__ import annotations

from fastapi import Response
from msgspec.structs import replace

from proto import approvals, llm, ui_mind
from proto.base import Nothing
from proto.errors import Failure
from services.gateway import panes
from services.gateway.access import Who
from services.gateway.visit import Endpoint, Route, Visit, see_other


async def actions(visit: Visit) -> Response:
    """The live menu."""
    view = ui_mind.ActionsPage(frame=visit.frame())
    try:
        menu = await visit.call(llm.MENU, Nothing())
        known = await visit.call(approvals.LIST, Nothing())
        view = replace(view, actions=menu.actions, rules=known.rules, waiting=known.waiting)
    except Failure as failure:
        view = replace(view, problem=failure.message)
    return await visit.page(ui_mind.ACTIONS, view)


async def mind(visit: Visit) -> Response:
    """What runs, as it was seen last; nobody is asked for it."""
    view = ui_mind.MindPage(frame=visit.frame(), vitals=visit.gate.vitals.view(), engine=await _engine(visit))
    return await visit.page(ui_mind.MIND, view)


async def rights(visit: Visit) -> Response:
    """What each service may do on the bus."""
    return await visit.page(ui_mind.RIGHTS, ui_mind.RightsPage(frame=visit.frame(), of=visit.query("of")))


async def moved(_: Visit) -> Response:
    """Where the menu was before."""
    return see_other("/mind/actions")


async def _engine(visit: Visit) -> llm.Engine | None:
    try:
        return await visit.call(llm.ENGINE, Nothing(), timeout=panes.TIMEOUT)
    except Failure:
        return None


def _page(path: str, answer: Endpoint) -> Route:
    return Route(method="GET", path=path, who=Who.SIGNED_IN, answer=answer, visited=True)


ROUTES = (
    _page("/mind", mind),
    _page("/mind/actions", actions),
    _page("/mind/rights", rights),
    _page("/actions", moved),
)
