"""The page of models: which there are, which one answers, and for an owner getting and removing them."""

from __future__ import annotations

import asyncio
from typing import TypeVar

import msgspec
from fastapi import Response
from msgspec.structs import replace

from proto import events, llm, models, ui_mind
from proto.base import Nothing
from proto.errors import Failure, Invalid
from proto.kinds import happening
from services.gateway.accounts.access import RANKS
from services.gateway.pages import panes
from services.gateway.pages.patience import soon
from services.gateway.visit import Visit, opened, posted, see_other

HERE = "/mind/models"
DELETE_SECONDS = 30.0

M = TypeVar("M", bound=msgspec.Struct)


async def listed(visit: Visit) -> Response:
    """The models, and what is coming."""
    return await _listed(visit)


async def pull(visit: Visit) -> Response:
    """Begin to download a model; a name that is refused is told beside the form."""
    try:
        request = await _asked(visit, models.Pull)
        await visit.gate.downloads.begin(request, visit.caller())
    except Failure as failure:
        return await _listed(visit, failure)
    return see_other(HERE)


async def cancel(visit: Visit) -> Response:
    """Stop a download."""
    await visit.call(models.CANCEL, await _asked(visit, models.CancelPull))
    return see_other(HERE)


async def delete(visit: Visit) -> Response:
    """Remove a model from its server."""
    try:
        await visit.call(models.DELETE, await _asked(visit, models.Delete), timeout=DELETE_SECONDS)
    except Failure as failure:
        return await _listed(visit, failure)
    return see_other(HERE)


async def use(visit: Visit) -> Response:
    """Let a model answer."""
    try:
        await visit.call(models.USE, await _asked(visit, models.UseModel))
    except Failure as failure:
        return await _listed(visit, failure)
    return see_other(HERE)


async def _listed(visit: Visit, failure: Failure | None = None) -> Response:
    coming = visit.gate.downloads
    view = ui_mind.ModelsPage(
        frame=visit.frame(path=HERE, notice=failure.message if failure else ""),
        downloads=tuple(ui_mind.Download(model=model, percent=n) for model, n in sorted(coming.coming.items())),
        ended=tuple(coming.ended),
        writes=RANKS[visit.role] >= RANKS["member"],
        owns=visit.role == "owner",
    )
    try:
        asked = asyncio.gather(
            visit.call(llm.MODELS, Nothing(), timeout=panes.TIMEOUT),
            visit.call(llm.ENGINE, Nothing(), timeout=panes.TIMEOUT),
            _chosen(visit),
        )
        if answers := await soon(visit, asked):
            found, engine, chosen = answers
            view = replace(view, models=found.models, problem=found.problem, engine=engine, chosen=chosen)
        else:
            view = replace(view, coming=True)
    except Failure as away:
        view = replace(view, problem=away.message)
    return await visit.page(ui_mind.MODELS, view, status=failure.code if failure else 200)


async def _chosen(visit: Visit) -> str:
    """The model that this user chose, straight from the log."""
    last = await visit.gate.bus.journal.last(events.of_kind(models.ModelChosen.kind, visit.user))
    what = happening(last.event) if last else None
    return what.model if isinstance(what, models.ModelChosen) else ""


async def _asked(visit: Visit, kind: type[M]) -> M:
    form = await visit.form()
    known = {
        name: form[name].strip() for name in ("model", "server") if name in form and name in kind.__struct_fields__
    }
    try:
        return msgspec.convert(known, kind)
    except msgspec.ValidationError as error:
        raise Invalid("That is no name of a model. They look like llama3.2 or qwen3:8b.") from error


ROUTES = (
    opened(HERE, listed),
    posted(HERE, pull, "owner"),
    posted(f"{HERE}/cancel", cancel, "owner"),
    posted(f"{HERE}/delete", delete, "owner"),
    posted(f"{HERE}/use", use, "member"),
)
