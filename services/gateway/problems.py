"""Failures to answers: a page, a notice on the page that is open, or a JSON problem; always a sentence."""

from __future__ import annotations

import logging

import msgspec
from fastapi import Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse

from proto import ui
from proto.errors import Busy, Failure, Missing, Unavailable
from services.gateway import outage
from services.gateway.accounts.access import SAFE, NoKey, NotSignedIn
from services.gateway.programs.openai_wire import Wrong, WrongReply
from services.gateway.visit import Visit, see_other

API, LIVE, OPENAI = "/api/", "/live", "/v1/"
log = logging.getLogger("daimon.gateway")


class NoModel(Missing):
    """There is no such model here."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457, application/problem+json."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"


_CODES = {401: "invalid_api_key", 404: "not_found", 423: "busy"}
_TYPES = {401: "authentication_error", 403: "permission_error", 423: "rate_limit_error"}


async def answer(visit: Visit, failure: Failure) -> Response:
    """Tell the one who asked what went wrong."""
    path = visit.request.url.path
    if path.startswith(OPENAI):
        return openai(failure)
    if path.startswith(API) or visit.by_key:
        return problem(failure)
    if path == LIVE:
        return PlainTextResponse(failure.message, status_code=failure.code)
    if isinstance(failure, NotSignedIn):
        return _to_the_door(visit)
    return await (_notice(visit, failure) if visit.swaps else _page(visit, failure))


def problem(failure: Failure) -> Response:
    """Answer a program."""
    body = Problem(title=type(failure).__name__, status=failure.code, detail=failure.message)
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(failure, NoKey) else {}
    return Response(msgspec.json.encode(body), failure.code, headers, media_type="application/problem+json")


def openai(failure: Failure) -> Response:
    """Answer a client of the OpenAI interface, in its words; it knows 429 for what is busy, and tries again."""
    busy = failure.code == Busy.code
    headers = {"Retry-After": "1"} if busy else {}
    status = 429 if busy else failure.code
    return Response(msgspec.json.encode(wrong(failure)), status, headers, media_type="application/json")


def wrong(failure: Failure) -> WrongReply:
    """A failure in the OpenAI interface's words."""
    other = "invalid_request_error" if failure.code < 500 else "server_error"
    code = "model_not_found" if isinstance(failure, NoModel) else _CODES.get(failure.code)
    return WrongReply(error=Wrong(message=failure.message, type=_TYPES.get(failure.code, other), code=code))


async def unexpected(request: Request, error: Exception) -> Response:
    """Answer after a mistake of ours: the log has all of it, the one who asked gets a sentence."""
    log.error("a request failed", exc_info=error, extra={"action": "http.failed", "method": request.method})
    failure = Failure()
    if request.url.path.startswith(API):
        return problem(failure)
    if request.url.path.startswith(OPENAI):
        return openai(failure)
    if "hx-request" in request.headers:
        return HTMLResponse(outage.notice(failure.message), failure.code)
    return HTMLResponse(outage.page(failure.message, "", retries=False), failure.code)


def _to_the_door(visit: Visit) -> Response:
    if visit.swaps:
        return Response(status_code=NotSignedIn.code, headers={"HX-Redirect": "/sign-in"})
    return see_other("/sign-in")


async def _notice(visit: Visit, failure: Failure) -> Response:
    view = ui.Changes(changes=(ui.Noted(sentence=failure.message),))
    try:
        html = (await visit.gate.bus.call(ui.LIVE, view)).html
    except Failure:
        html = outage.notice(failure.message)
    return HTMLResponse(html, failure.code)


async def _page(visit: Visit, failure: Failure) -> Response:
    if isinstance(failure, Unavailable):
        return _outage(visit, failure)
    view = ui.ProblemPage(frame=visit.frame(), status=failure.code, sentence=failure.message)
    try:
        return await visit.page(ui.PROBLEM, view, status=failure.code)
    except Failure:
        return _outage(visit, failure)


def _outage(visit: Visit, failure: Failure) -> Response:
    retries = visit.request.method in SAFE
    html = outage.page(failure.message, visit.gate.assets.stylesheet, retries=retries)
    return HTMLResponse(html, failure.code, headers={"Refresh": str(outage.RETRY_SECONDS)} if retries else {})
