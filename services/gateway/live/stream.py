"""The live stream of a page: server-sent events that begin with what was missed and end when the service stops."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from fastapi import Response
from msgspec.structs import replace

from proto.errors import Failure
from services.gateway.accounts.access import Who
from services.gateway.live import job_views
from services.gateway.live.live import Live, Wanted
from services.gateway.live.tail import Shown
from services.gateway.message import conversation_of
from services.gateway.pages import boxed
from services.gateway.pages.sifting import sift_of
from services.gateway.pages.task_pages import show_of
from services.gateway.visit import Route, Visit
from services.runtime.bus import Interrupted

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

RETRY_MS = (800, 2400)
"""When a page comes back after its stream broke; spread, so that not all pages come at once."""
BUS_WAIT = 0.25
AGAIN = 0.1
"""Seconds after which a task that was cancelled and goes on is cancelled again."""
PLACE_DIGITS = 18
"""No log grows to a place with more."""
_EXPECTED = (Failure, Interrupted)
"""After these the page connects anew and is brought up to date."""
_LINE_END = re.compile(r"\r\n|\r|\n")
_HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}

Write = Callable[[str], Awaitable[None]]


class EventStream(Response):
    """A response that is written piece by piece until its source ends, the reader goes, or an end is called for."""

    def __init__(self, source: Callable[[Write], Awaitable[None]], *ends: asyncio.Event) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._source = source
        self._ends = ends

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the interface's
        """Write until one of the three."""

        async def write(text: str) -> None:
            await send({"type": "http.response.body", "body": framed(text), "more_body": True})

        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": _retry(), "more_body": True})
        await first_of(self._source(write), gone(receive), *(end.wait() for end in self._ends))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def framed(text: str) -> bytes:
    """One event of the stream; an empty text is a comment that only keeps the connection alive."""
    if not text:
        return b":\n\n"
    return "".join(f"data: {line}\n" for line in _LINE_END.split(text)).encode("utf-8", "replace") + b"\n"


async def live(visit: Visit) -> Response:
    """Follow what a page shows."""
    if visit.request.method == "HEAD":
        return Response(headers=_HEADERS)
    beside = visit.query("job") or visit.query("box")
    wanted = replace(Wanted() if beside else _wanted(visit), notices=visit.profile.notices)
    elsewhere = "/conversations" if wanted.lines else "/tasks"
    frame = visit.frame(path=f"/chat/{wanted.conversation}" if wanted.conversation else elsewhere)
    gate, caller = visit.gate, visit.caller(conversation_of(visit.query("conversation")))

    async def source(write: Write) -> None:
        while not gate.bus.connected:  # noqa: ASYNC110 - the bus tells of its return only those who follow already
            await asyncio.sleep(BUS_WAIT)
        if visit.query("box"):
            await boxed.check(gate.bus, caller)
        page = Live(gate, caller, wanted, frame, write).run()
        if visit.query("job"):
            await _both(page, job_views.follow(gate.bus, caller, visit.query("job"), write))
        elif visit.query("box"):
            await _both(page, boxed.follow(gate, caller, write))
        else:
            await page

    assert visit.session is not None  # noqa: S101 - the route is for those who are signed in
    return EventStream(source, visit.gate.closing, visit.session.ended)


def _wanted(visit: Visit) -> Wanted:
    """What the page says that it shows."""
    return Wanted(
        conversation=conversation_of(visit.query("conversation")),
        seen=_place(visit.query("seen")),
        turn=visit.query("turn"),
        tasks=bool(visit.query("tasks")),
        show=show_of(visit.query("show")),
        words=visit.query("q")[:500],
        timeline=_shown(visit) if visit.query("timeline") else None,
        lines=visit.query("lines"),
        listed=_place(visit.query("listed")),
    )


def _shown(visit: Visit) -> Shown:
    """What the page's timeline showed when it was made."""
    day, newest = visit.query("day")[:10], visit.query("newest")[:36]
    return Shown(sift=sift_of(visit), zone=visit.frame().zone, day=day, newest=newest)


async def _both(*waits: Awaitable[None]) -> None:
    """Wait for several until one fails; raises what that one raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for wait in waits:
                group.create_task(_done(wait))
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from several


async def _done(wait: Awaitable[None]) -> None:
    await wait


def _place(text: str) -> int:
    """A place in the log; -1, which is nowhere, for anything else."""
    return int(text) if text.isdecimal() and len(text) <= PLACE_DIGITS else -1


async def first_of(*waits: Awaitable[object]) -> None:
    """Wait for the first of several and drop the rest; raises what was not expected of any of them."""
    tasks: set[asyncio.Future[object]] = {asyncio.ensure_future(wait) for wait in waits}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _drop(tasks)
    for task in tasks:
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, _EXPECTED):
            raise error


async def _drop(tasks: set[asyncio.Future[object]]) -> None:
    # Where a reply arrives in the same moment, Python 3.11's wait_for loses a cancellation: so it is said again.
    while unfinished := {task for task in tasks if not task.done()}:
        for task in unfinished:
            task.cancel()
        await asyncio.wait(unfinished, timeout=AGAIN)


async def gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _retry() -> bytes:
    return b"retry: %d\n\n" % random.randint(*RETRY_MS)  # noqa: S311 - spreads load, keeps no secret


ROUTES = (Route(method="GET", path="/live", who=Who.SIGNED_IN, answer=live, streams=True),)
