"""The pages of a conversation's box: how it stands, a file, a job or a terminal."""

from __future__ import annotations

import asyncio
import hashlib

from fastapi import Response
from msgspec.structs import replace

from proto import boxes, events, memory, ui, ui_box
from proto.base import Caller, Nothing
from proto.boxes import Description, FileText
from proto.errors import Failure, Missing
from proto.moments import moment
from services.gateway.live import job_views
from services.gateway.pages import box_then, boxed, panes
from services.gateway.pages.past import moved, past, since_first
from services.gateway.visit import Visit, opened, see_other

MOST_LINES = 10_000


async def newest(visit: Visit) -> Response:
    """The way to the box of the conversation that was spoken in last."""
    found = await visit.call(memory.CONVERSATIONS, memory.ListConversations(limit=1))
    if not found.conversations:
        raise Missing("There is no box yet. Begin a conversation: each has a Linux box of its own.")
    return see_other(f"/box/{found.conversations[0].id}")


async def box(visit: Visit) -> Response:
    """A box as it is now, or as it was."""
    if visit.query("as_of") or visit.query("at"):
        return moved(visit) or await _box_then(visit)
    return await box_page(visit)


async def box_page(visit: Visit, failure: Failure | None = None, hosts: str | None = None) -> Response:
    """A box, and why what was asked of it last was refused."""
    caller = await owned(visit)
    bus = visit.gate.bus
    talk, found, content, back = await asyncio.gather(
        panes.conversation(bus, caller),
        _described(visit),
        boxed.content(bus, caller),
        since_first(bus.journal, events.in_conversation(caller.user, caller.conversation)),
    )
    view = ui_box.BoxPage(
        frame=replace(_frame(visit, failure.message if failure else ""), past=back),
        conversation=caller.conversation,
        title=talk.title,
        box=found,
        content=content,
        hosts=" ".join(found.network.hosts) if hosts is None and found else hosts or "",
    )
    return await visit.page(ui_box.BOX, view, status=failure.code if failure else 200)


async def _box_then(visit: Visit) -> Response:
    """A box as the log tells of it."""
    caller, bus = await owned(visit), visit.gate.bus
    back, begun, talk = await asyncio.gather(
        past(visit),
        since_first(bus.journal, events.in_conversation(caller.user, caller.conversation)),
        panes.conversation(bus, caller),
    )
    content, happened = await box_then.then(bus.journal, caller, moment(back.as_of))
    view = ui_box.BoxPage(
        frame=replace(_frame(visit), past=replace(back, first=begun.first)),
        conversation=caller.conversation,
        title=talk.title,
        content=content,
        happened=happened,
    )
    return await visit.page(ui_box.BOX, view)


def _frame(visit: Visit, notice: str = "") -> ui.Frame:
    return visit.frame(path=f"/box/{visit.conversation}", notice=notice)


async def file(visit: Visit) -> Response:
    """A file of the box; `?fetch=1` leads to it as it is."""
    caller = await owned(visit)
    wanted = visit.query("path")
    if visit.query("fetch"):
        request = boxes.ReadFile(path=wanted, fetch=True)
        handed = await visit.call(boxes.READ, request, conversation=caller.conversation, timeout=boxed.SECONDS)
        return see_other(handed.link)
    try:
        return await file_page(visit, await read(visit, caller, wanted))
    except Missing:
        if not visit.query("new"):
            raise
        return await file_page(visit, FileText(path=wanted, size=0))


async def file_page(visit: Visit, found: FileText, text: str | None = None, failure: Failure | None = None) -> Response:
    """A file, with its own text or what was typed in the editor."""
    view = ui_box.FilePage(
        frame=visit.frame(path=f"/box/{visit.conversation}", notice=failure.message if failure else ""),
        conversation=visit.conversation,
        file=found,
        text=found.text if text is None else text,
        was=mark(found.text),
        fixed=fixed(found),
    )
    return await visit.page(ui_box.FILE, view, status=failure.code if failure else 200)


async def job(visit: Visit) -> Response:
    """A job or a terminal."""
    caller = await owned(visit)
    bus = visit.gate.bus
    found = await job_views.find(bus, caller, visit.path("job"))
    told, screen, cut = await job_views.shown(bus, caller, found)
    frame = visit.frame(path=f"/box/{caller.conversation}/jobs/{found.id}")
    view = ui_box.JobPage(
        frame=frame, conversation=caller.conversation, job=found, printed=told, screen=screen, cut=cut
    )
    return await visit.page(ui_box.JOB, view)


async def owned(visit: Visit) -> Caller:
    """Whose box the address names; Missing for one that is not the user's."""
    caller = visit.caller(visit.conversation)
    await boxed.check(visit.gate.bus, caller)
    return caller


async def read(visit: Visit, caller: Caller, path: str) -> FileText:
    """A file of the box, as much of it as a page shows."""
    if not path or len(path) > boxes.PATH_LIMIT:
        raise Missing("The address names no file of this box.")
    request = boxes.ReadFile(path=path, lines=MOST_LINES)
    return await visit.call(boxes.READ, request, conversation=caller.conversation, timeout=boxed.SECONDS)


def mark(text: str) -> str:
    """What a text is recognised by."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def fixed(found: FileText) -> str:
    """Why a file cannot be edited on a page; empty when it can."""
    if found.link:
        return "This is no text, or too long to be read here. Download it instead."
    if found.sentence:
        return f"It is too long to be edited here, only its beginning is shown. {found.sentence}"
    if "\r" in found.text:
        return "Its lines end as on Windows, which an editor in a browser would change. Edit it in a terminal."
    return ""


async def _described(visit: Visit) -> Description | None:
    try:
        return await visit.call(boxes.DESCRIBE, Nothing(), conversation=visit.conversation, timeout=boxed.SECONDS)
    except Failure:
        return None


ROUTES = (
    opened("/box", newest),
    opened("/box/{conversation}", box),
    opened("/box/{conversation}/file", file),
    opened("/box/{conversation}/jobs/{job}", job),
)
