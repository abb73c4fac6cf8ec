"""The one undo line in a browser, and the toast that offers to take a change back."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Response
from msgspec.structs import replace

from proto import ui, ui_undo, undo
from proto.errors import Failure, Refused
from proto.events import Event, Happening
from services.gateway.visit import Visit, opened, posted, see_other


def toast(event: Event, found: Happening | None) -> ui.Toasted | None:
    """What a page says of an event that can be undone, or that undid one; None for all others."""
    if isinstance(found, undo.ChangeUndone):
        return ui.Toasted(sentence=event.sentence, actor=event.actor, event=found.step, undone=True)
    if isinstance(found, undo.ChangeRedone):
        return ui.Toasted(sentence=event.sentence, actor=event.actor, event=found.step)
    turned = event.key == undo.key_of(event.cause)
    if found is None or turned or found.inverse() is None:
        return None
    return ui.Toasted(sentence=event.sentence, actor=event.actor, event=event.id)


async def page(visit: Visit) -> Response:
    """The line; with a step, what undoing that would undo."""
    before, step = visit.query("before")[:36], visit.query("step")[:36]
    view = ui_undo.UndoPage(frame=visit.frame(), line=undo.LineRead(), before=before, step=step)
    try:
        view = replace(view, line=await visit.call(undo.LINE, undo.ReadLine(before=before)))
        if step:
            view = replace(view, preview=await visit.call(undo.PREVIEW, undo.Preview(step=step)))
    except Failure as failure:
        view = replace(view, problem=failure.message)
    return await visit.page(ui_undo.UNDO, view)


async def turn_back(visit: Visit) -> Response:
    """Undo a change, or do again what was undone last; what others build on is shown first."""
    form = await visit.form()
    step = form.get("step", "")[:36]
    if "redo" in form:
        await _redo(visit, form["redo"])
    elif not step:
        await visit.call(undo.LAST, undo.UndoLast())
    else:
        try:
            await visit.call(undo.STEP, undo.UndoStep(step=step, together="together" in form))
        except Refused:
            if len((await visit.call(undo.PREVIEW, undo.Preview(step=step))).steps) < 2:
                raise
            return _towards(visit, f"/undo?step={quote(step, safe='')}")
    return await visit.changed() if visit.swaps else see_other(await visit.back())


async def _redo(visit: Visit, step: str) -> None:
    """Do again what the page named, and nothing that was undone since."""
    redo = (await visit.call(undo.LINE, undo.ReadLine(limit=1))).redo
    if redo is None or redo.event != step:
        raise Refused("This cannot be done again any more, because something was changed or undone since.")
    await visit.call(undo.REDO, undo.Redo())


def _towards(visit: Visit, path: str) -> Response:
    return Response(headers={"HX-Redirect": path}) if visit.swaps else see_other(path)


ROUTES = (
    opened("/undo", page),
    posted("/undo", turn_back),
)
