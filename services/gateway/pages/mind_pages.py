"""The pages of Daimon itself: what runs, and what it can do."""

from __future__ import annotations

import asyncio

from fastapi import Response
from msgspec.structs import replace

from proto import approvals, llm, ui_mind
from proto.base import Nothing
from proto.errors import Failure
from services.gateway.pages import panes
from services.gateway.visit import Visit, opened, see_other


async def actions(visit: Visit) -> Response:
    """The live menu."""
    view = ui_mind.ActionsPage(frame=visit.frame())
    try:
        menu, known = await asyncio.gather(visit.call(llm.KNOWN_MENU, Nothing()), visit.call(approvals.LIST, Nothing()))
        view = replace(view, actions=menu.actions, rules=known.rules, waiting=known.waiting)
    except Failure as failure:
        view = replace(view, problem=failure.message)
    return await visit.page(ui_mind.ACTIONS, view)


async def mind(visit: Visit) -> Response:
    """What runs, as it was seen last; nobody is asked for it."""
    engine = await panes.engine(visit.gate.bus, visit.caller())
    view = ui_mind.MindPage(frame=visit.frame(), vitals=visit.gate.vitals.view(), engine=engine)
    return await visit.page(ui_mind.MIND, view)


async def rights(visit: Visit) -> Response:
    """What each service may do on the bus."""
    return await visit.page(ui_mind.RIGHTS, ui_mind.RightsPage(frame=visit.frame(), of=visit.query("of")))


async def moved(_: Visit) -> Response:
    """Where the menu was before."""
    return see_other("/mind/actions")


ROUTES = (
    opened("/mind", mind),
    opened("/mind/actions", actions),
    opened("/mind/rights", rights),
    opened("/actions", moved),
)
