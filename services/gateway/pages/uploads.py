"""Files over HTTP: handing one in, and fetching what is one's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import quote

import msgspec
from fastapi import Response
from fastapi.responses import StreamingResponse

from proto import documents, sandbox
from proto.documents import ANY_TYPE, AddDocument, Document
from proto.errors import Failure, Invalid, Missing
from services.gateway.accounts.access import Who
from services.gateway.multipart import Multipart
from services.gateway.visit import Route, Visit
from services.runtime.bus import Objects

ADD_SECONDS = 60.0
"""How long memory may take to look through the bytes of a large file."""
BOX_SECONDS = 30.0


class Uploaded(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file that was handed in."""

    document: Document
    link: str
    """Where it can be fetched again."""
    path: str = ""
    """Where it lies in the conversation's box, empty when it does not."""
    note: str = ""
    """Why it does not lie there yet, in a sentence."""


async def receive(visit: Visit) -> Uploaded:
    """Take the file that a request carries: a form's first file, or the body itself under `?name=`."""
    document = await receive_document(visit, visit.conversation)
    path, note = await _placed(visit, document, visit.conversation)
    return Uploaded(document=document, link=documents.link(document.sha256, document.name), path=path, note=note)


async def receive_document(visit: Visit, conversation: str = "") -> Document:
    """Take the file that a request carries as a document, and put it into no box."""
    kind = visit.request.headers.get("content-type", "")
    if kind.lower().startswith("multipart/form-data"):
        form = Multipart(aiter(visit.request.stream()), kind)
        await form.find()
        return await _keep(visit, form.pieces(), (form.name, form.media_type), conversation)
    if visit.drained:
        raise Invalid("There is no file in the form. Choose one first.")
    return await _keep(visit, aiter(visit.request.stream()), (visit.query("name") or "file", kind), conversation)


async def upload(visit: Visit) -> Response:
    """Hand a file in."""
    uploaded = await receive(visit)
    return Response(msgspec.json.encode(uploaded), 201, media_type="application/json")


async def download(visit: Visit) -> Response:
    """Fetch a file of one's own; it is never shown within a page, whatever it holds."""
    sha256, name = visit.path("sha256"), documents.plain_name(visit.path("name"))
    files = _files(visit)
    kept = await files.find(visit.user, sha256)
    if kept is None:
        raise Missing("There is no such file, or it is not yours.")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Length": str(kept.size),
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return StreamingResponse(files.read(visit.user, sha256), headers=headers, media_type=ANY_TYPE)


async def _keep(visit: Visit, pieces: AsyncIterator[bytes], named: tuple[str, str], conversation: str) -> Document:
    name, media_type = named
    kept = await _files(visit).put(visit.user, pieces, limit=visit.gate.settings.upload_bytes)
    request = AddDocument(name=name[:1000], size=kept.size, sha256=kept.sha256, media_type=media_type[:200])
    return await visit.call(documents.ADD, request, conversation=conversation, timeout=ADD_SECONDS)


async def _placed(visit: Visit, document: Document, conversation: str) -> tuple[str, str]:
    request = sandbox.Receive(document=document.document)
    try:
        placed = await visit.call(sandbox.RECEIVE, request, conversation=conversation, timeout=BOX_SECONDS)
    except Failure as failure:
        return "", f"The file is kept, but is not in the box yet: {failure.message}"
    return placed.path, ""


def _files(visit: Visit) -> Objects:
    return visit.gate.bus.objects(documents.FILES)


ROUTES = (
    Route(method="POST", path="/api/files/{conversation}", who=Who.EITHER, answer=upload, gives=Uploaded),
    Route(method="GET", path="/files/{sha256}/{name}", who=Who.EITHER, answer=download),
)
