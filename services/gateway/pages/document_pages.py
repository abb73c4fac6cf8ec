"""The pages of documents: what was handed in, a search in it, and the text of each."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

import msgspec
from fastapi import Response
from msgspec.structs import replace

from proto import documents, ui_memory
from proto.errors import Failure, Invalid
from services.gateway.accounts.access import RANKS
from services.gateway.pages import uploads
from services.gateway.pages.panes import MEMORY_LATE
from services.gateway.pages.past import moved, past
from services.gateway.visit import Visit, opened, posted, see_other

HERE = "/memory/documents"
LISTED = 20
READ = 10
"""Passages of one page: about as much as two printed ones."""
FOUND = 10
NUMBER_DIGITS = 7


async def listed(visit: Visit) -> Response:
    """What was handed in, newest first; or what a search finds in it."""
    query = visit.query("q").strip()
    frame = replace(visit.frame(), past=await past(visit))
    view = ui_memory.DocumentsPage(frame=frame, query=query, writes=_writes(visit))
    if away := moved(visit):
        return away
    try:
        view = await (_found(visit, view) if query else _listed(visit, view))
    except Failure as failure:
        view = replace(view, problem=f"{MEMORY_LATE} ({failure.message})")
    return await visit.page(ui_memory.DOCUMENTS, view)


async def read(visit: Visit) -> Response:
    """A document, from a page, a line or a passage on."""
    document, page, line = visit.path("document")[:200], _number(visit, "page"), _number(visit, "line")
    if away := moved(visit, "page", "line", "from"):
        return away
    back = await past(visit)
    start = _number(visit, "from")
    asked = documents.ReadDocument(document=document, page=page, line=line, passage=start, as_of=back.as_of, limit=READ)
    told = await visit.call(documents.READ, asked)
    texts = told.texts
    first = texts[0].passage if texts else 0
    last = texts[-1].passage if texts else 0
    view = ui_memory.DocumentPage(
        frame=replace(visit.frame(), past=back),
        document=told.document,
        texts=texts,
        cited=bool(texts) and bool(page or line),
        before=max(first - READ, 0) if first else None,
        after=last + 1 if texts and last + 1 < told.document.passages else None,
        writes=_writes(visit) and not back.as_of,
    )
    return await visit.page(ui_memory.DOCUMENT, view)


async def upload(visit: Visit) -> Response:
    """Hand a file in."""
    if not visit.request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Invalid("Choose a file first.")
    document = await uploads.receive_document(visit)
    return see_other(f"{HERE}?new={document.document}")


async def delete(visit: Visit) -> Response:
    """Delete a document, with everything it is found by."""
    request = documents.DeleteDocument(document=visit.path("document")[:200])
    deleted = await visit.call(documents.DELETE, request)
    return see_other(f"{HERE}?gone={deleted.document}")


async def _listed(visit: Visit, view: ui_memory.DocumentsPage) -> ui_memory.DocumentsPage:
    before = _moment(visit.query("before"))
    as_of = view.frame.past.as_of if view.frame.past else ""
    asked = documents.ListDocuments(before=before, before_id=visit.query("id")[:100], limit=LISTED, as_of=as_of)
    found = (await visit.call(documents.LIST, asked)).documents
    # SQL hears of both a moment later.
    new, gone = visit.query("new")[:100], visit.query("gone")
    awaited = "" if new in [line.document for line in found] else new
    older = ""
    if len(found) == LISTED:
        last = found[-1]
        older = f"{HERE}?before={quote(last.uploaded.isoformat())}&id={quote(last.document, safe='')}"
        older += f"&as_of={quote(as_of)}" if as_of else ""
    shown = tuple(line for line in found if line.document != gone)
    return replace(view, documents=shown, older=older, awaited=awaited)


async def _found(visit: Visit, view: ui_memory.DocumentsPage) -> ui_memory.DocumentsPage:
    asked = documents.SearchDocuments(query=view.query[:2000], limit=FOUND)
    return replace(view, found=await visit.call(documents.SEARCH, asked))


def _writes(visit: Visit) -> bool:
    return RANKS[visit.role] >= RANKS["member"]


def _number(visit: Visit, name: str) -> int:
    """A number of the address; 0 for anything else."""
    text = visit.query(name)
    return int(text) if text.isdecimal() and len(text) <= NUMBER_DIGITS else 0


def _moment(text: str) -> datetime | None:
    """The moment below which a page starts; None for the newest, and for what is no moment."""
    try:
        found = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return None
    return found if found.tzinfo else None


ROUTES = (
    opened(HERE, listed),
    opened(f"{HERE}/{{document}}", read),
    posted(HERE, upload),
    posted(f"{HERE}/{{document}}/delete", delete),
)
