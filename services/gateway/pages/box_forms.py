"""What a browser does with a box: its network, its files, its jobs and terminals."""

from __future__ import annotations

from typing import cast
from urllib.parse import quote

import msgspec
from fastapi import Response

from proto import boxes, jobs, sandbox
from proto.base import Caller
from proto.boxes import NetworkMode, SetNetwork, WriteFile
from proto.errors import Conflict, Failure, Invalid, Missing
from services.gateway.live import job_views
from services.gateway.pages import box_pages, boxed, uploads
from services.gateway.pages.box_pages import owned
from services.gateway.terminal import keystrokes
from services.gateway.visit import Visit, posted, see_other

ROWS, COLUMNS = 40, 100
"""Of a terminal, until its page has said how many fit there."""
INTERRUPT = "\x03"
"""Ctrl-C, as a terminal sends it."""


async def network(visit: Visit) -> Response:
    """Say what the box may reach."""
    form, caller = await visit.form(), await owned(visit)
    hosts = form.get("hosts", "")
    try:
        wanted = SetNetwork(mode=_mode(form.get("mode", "")), hosts=_hosts(hosts))
        await visit.call(boxes.NETWORK, wanted, conversation=caller.conversation, timeout=boxed.SECONDS)
    except Failure as failure:
        return await box_pages.box_page(visit, failure, hosts)
    return see_other(f"/box/{caller.conversation}")


async def save(visit: Visit) -> Response:
    """Write a file. A refused text stays in the editor."""
    form, caller = await visit.form(), await owned(visit)
    path, text = form.get("path", ""), form.get("text", "")
    found = await _as_it_is(visit, caller, path)
    try:
        if box_pages.mark(found.text) != form.get("was", ""):
            raise Conflict("The file was changed meanwhile. What you typed is below; save again to replace it.")
        request = WriteFile(path=found.path, text=text)
        await visit.call(boxes.WRITE, request, conversation=caller.conversation, timeout=boxed.SECONDS)
    except Failure as failure:
        return await box_pages.file_page(visit, found, text, failure)
    return see_other(f"/box/{caller.conversation}/file?path={quote(found.path)}")


async def upload(visit: Visit) -> Response:
    """Put a file into the box, and remember it as a document."""
    if not visit.request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Invalid("Choose a file first.")
    caller = await owned(visit)
    await uploads.receive(visit)
    return see_other(f"/box/{caller.conversation}")


async def begin(visit: Visit) -> Response:
    """Open a terminal, or run a command as a job."""
    form, caller = await visit.form(), await owned(visit)
    command = form.get("command", "").strip()
    if command:
        wanted = sandbox.Run(command=command, background=True, input=True)
        ran = await visit.call(sandbox.RUN, wanted, conversation=caller.conversation, timeout=boxed.SECONDS)
        job = ran.job
    else:
        screen = jobs.OpenTerminal(rows=ROWS, columns=COLUMNS)
        opened = await visit.call(jobs.OPEN, screen, conversation=caller.conversation, timeout=boxed.SECONDS)
        job = opened.job.id
    return see_other(f"/box/{caller.conversation}/jobs/{job}")


async def tell(visit: Visit) -> Response:
    """Type to a job, interrupt it, or stop it."""
    form, caller = await visit.form(), await owned(visit)
    job = await job_views.find(visit.gate.bus, caller, visit.path("job"))
    terminal, wish = job.kind == "terminal", form.get("do", "")
    if wish == "stop" or (wish == "interrupt" and not terminal):
        stop = jobs.StopJob(job=job.id, signal=None if wish == "stop" else "INT")
        await visit.call(jobs.STOP, stop, conversation=caller.conversation)
    elif wish in ("", "interrupt", "end"):
        typed = "" if wish == "end" else INTERRUPT if wish else form.get("text", "") + ("\r" if terminal else "\n")
        given = jobs.GiveInput(job=job.id, text=typed[: jobs.INPUT_LIMIT], end=wish == "end")
        await visit.call(jobs.INPUT, given, conversation=caller.conversation)
    else:
        raise Invalid("The page asked for something that cannot be done with a job. Reload it and try again.")
    return await visit.changed() if visit.swaps else see_other(f"/box/{caller.conversation}/jobs/{job.id}")


async def keys(visit: Visit) -> Response:
    """Type keys in a terminal as they are pressed; its screen takes the size that the page tells of among them."""
    form, conversation, job = await visit.form(), visit.conversation, visit.path("job")
    pressed = _pressed(form.get("keys", ""))
    if fits := keystrokes.size(pressed):
        size = jobs.Resize(job=job, rows=fits[0], columns=fits[1])
        await visit.call(jobs.RESIZE, size, conversation=conversation)
    typed = keystrokes.typed(pressed, form.get("modes", ""))
    for begin in range(0, len(typed), jobs.INPUT_LIMIT):
        given = jobs.GiveInput(job=job, text=typed[begin : begin + jobs.INPUT_LIMIT])
        await visit.call(jobs.INPUT, given, conversation=conversation)
    return await visit.changed() if visit.swaps else see_other(f"/box/{conversation}/jobs/{quote(job)}")


async def _as_it_is(visit: Visit, caller: Caller, path: str) -> boxes.FileText:
    """The file that is to be replaced; an empty one where there is none yet."""
    try:
        return await box_pages.read(visit, caller, path)
    except Missing:
        return boxes.FileText(path=path, size=0)


def _pressed(text: str) -> list[str]:
    try:
        return msgspec.json.decode(text, type=list[str])
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeError) as error:
        raise Invalid("Keys are told as a list of their names.") from error


def _mode(text: str) -> NetworkMode:
    if text not in ("off", "allow-list", "on"):
        raise Invalid("The network is off, an allow-list, or on.")
    return cast("NetworkMode", text)


def _hosts(text: str) -> tuple[str, ...]:
    try:
        return msgspec.convert(text.replace(",", " ").split(), type=tuple[boxes.Host, ...])
    except msgspec.ValidationError as error:
        raise Invalid("A host is written as example.org, *.example.org or example.org:8443.") from error


ROUTES = (
    posted("/box/{conversation}/network", network),
    posted("/box/{conversation}/file", save),
    posted("/box/{conversation}/upload", upload),
    posted("/box/{conversation}/jobs", begin),
    posted("/box/{conversation}/jobs/{job}", tell),
    posted("/box/{conversation}/jobs/{job}/keys", keys),
)
