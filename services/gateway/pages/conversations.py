"""What a browser does with a whole conversation: its name, its export, and what the model saw of it."""

from __future__ import annotations

from typing import cast
from urllib.parse import quote

from fastapi import Response
from msgspec.structs import replace

from proto import chat, inspection, seen, titles, ui
from proto.errors import Invalid, Missing
from services.gateway.accounts.access import Who
from services.gateway.pages import uploads
from services.gateway.visit import Route, Visit, posted, see_other
from services.runtime.pieces import whole_export

PATIENCE = 30.0
"""Seconds for a piece of an export."""
STEP_DIGITS = 4
TURN_LIMIT = 100


async def rename(visit: Visit) -> Response:
    """Give the conversation another name."""
    conversation = visit.conversation
    title = " ".join((await visit.form()).get("title", "").split())[: titles.TITLE_LIMIT]
    await visit.call(titles.RENAME, titles.Rename(conversation=conversation, title=title or " "))
    return await visit.changed() if visit.swaps else see_other(f"/chat/{conversation}")


async def attach(visit: Visit) -> Response:
    """Hand a file in: it is remembered, and lies in the box; the model hears of it with the next message."""
    if not visit.request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Invalid("Choose a file first.")
    conversation = visit.conversation
    given = await uploads.receive(visit)
    if not visit.swaps:
        return see_other(f"/chat/{conversation}")
    change = ui.Attached(file=given.document.name, link=given.link, path=given.path, note=given.note)
    return await visit.changed(change, path=f"/chat/{conversation}")


async def export(visit: Visit) -> Response:
    """The conversation as a file to keep."""
    form = visit.path("form")
    if form not in ("markdown", "json"):
        raise Missing("A conversation is exported as markdown or as json.")
    wanted = titles.ExportPiece(conversation=visit.conversation, form=cast("titles.Form", form))
    file = await whole_export(lambda begin: visit.call(titles.PIECE, replace(wanted, begin=begin), timeout=PATIENCE))
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name)}"}
    return Response(file.text, media_type=file.media_type, headers=headers)


async def answer(visit: Visit) -> Response:
    """The text of an answer as it was written, to be taken elsewhere."""
    wanted = chat.Read(conversation=visit.conversation, upto=visit.path("turn")[:TURN_LIMIT], last=1)
    found = (await visit.call(chat.READ, wanted)).exchanges
    if not found or found[-1].turn != wanted.upto:
        raise Missing("There is no such answer in this conversation.")
    return Response(found[-1].answer, media_type="text/plain")


async def what_the_model_saw(visit: Visit) -> Response:
    """One step of a turn, word for word."""
    step = visit.query("step")
    number = int(step) if step.isdecimal() and len(step) <= STEP_DIGITS else 0
    wanted = seen.See(conversation=visit.conversation, turn=visit.path("turn"), step=number)
    found = await visit.call(seen.SEE, wanted)
    view = inspection.SeenPage(frame=visit.frame(), conversation=visit.conversation, seen=found)
    return await visit.page(inspection.SEEN, view)


ROUTES = (
    posted("/chat/{conversation}/title", rename),
    posted("/chat/{conversation}/attach", attach),
    Route(method="GET", path="/chat/{conversation}/export/{form}", who=Who.SIGNED_IN, answer=export),
    Route(method="GET", path="/chat/{conversation}/turns/{turn}/answer", who=Who.SIGNED_IN, answer=answer),
    Route(
        method="GET",
        path="/chat/{conversation}/turns/{turn}/seen",
        who=Who.SIGNED_IN,
        answer=what_the_model_saw,
        visited=True,
    ),
)
