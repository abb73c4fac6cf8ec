"""What the ghost offers, on every page: what stands, deciding about it, and whether it may offer anything."""

from __future__ import annotations

from fastapi import Response
from msgspec.structs import replace

from proto import suggestions, ui, ui_settings
from proto.base import Nothing
from proto.errors import Failure
from proto.events import Event, Happening
from proto.suggestions import Accept, Dismiss, SuggestionMade, Switch
from services.gateway.pages.patience import soon
from services.gateway.visit import Visit, opened, posted, see_other

PATIENCE = 120.0
"""Seconds for all the steps of a suggestion."""

READING = 30.0
"""Seconds for what was learnt: after a start it is read from the log."""


def told(event: Event, found: Happening | None) -> ui.Offered | None:
    """What an event changes about the offer on a page; None for events of something else."""
    if not event.kind.startswith(f"{suggestions.NOUN}."):
        return None
    offer = suggestions.suggestion(event.id, found) if isinstance(found, SuggestionMade) else None
    return ui.Offered(offer=offer)


async def page(visit: Visit) -> Response:
    """What was learnt, what became of it, and the switch."""
    view = ui_settings.SuggestionsPage(frame=visit.frame())
    try:
        found = await soon(visit, visit.call(suggestions.LIST, Nothing(), timeout=READING))
        view = replace(view, found=found, coming=found is None)
    except Failure as failure:
        view = replace(view, problem=failure.message)
    return await visit.page(ui_settings.SUGGESTIONS, view)


async def switch(visit: Visit) -> Response:
    """Let suggestions be made, or not."""
    form = await visit.form()
    await visit.call(suggestions.SWITCH, Switch(on=form.get("on") == "on"))
    return see_other("/settings/suggestions")


async def decide(visit: Visit) -> Response:
    """Have what is offered done, or leave it."""
    form = await visit.form()
    if "dismiss" in form:
        await visit.call(suggestions.DISMISS, Dismiss(id=form["dismiss"][:36]))
        return await visit.done()
    done = await visit.call(suggestions.ACCEPT, Accept(id=form.get("accept", "")[:36]), timeout=PATIENCE)
    if not done.path:
        return await visit.done()
    return Response(headers={"HX-Redirect": done.path}) if visit.swaps else see_other(done.path)


ROUTES = (
    opened("/settings/suggestions", page),
    posted("/settings/suggestions", switch),
    posted("/suggestion", decide),
)
