"""The application: every route of the tables behind one decision, one way for failures, one shield around all."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from fastapi import BackgroundTasks, FastAPI, Request, Response

from proto import accounts as account_events
from proto.errors import Failure
from proto.events import happened
from services.gateway import problems
from services.gateway.accounts import accounts
from services.gateway.accounts.access import SAFE, Knock, Who, decide
from services.gateway.compression import Compressed
from services.gateway.gate import Gate
from services.gateway.routes import ROUTES
from services.gateway.shield import Shield
from services.gateway.straight import Straight
from services.gateway.tracing import traced
from services.gateway.visit import Route, Visit
from services.runtime import log

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp

_EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_NO_FORM = {"application/json", "multipart/form-data"}
_log = logging.getLogger("daimon.gateway")


def application(gate: Gate) -> ASGIApp:
    """All routes; an address that no table has leads to the same decision and is then not found."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(Exception, problems.unexpected)
    for route in ROUTES:
        app.add_route(route.path, _guarded(gate, route), methods=[route.method])
    rest_of_it = accounts.EVERYTHING_ELSE
    app.add_route(rest_of_it.path, _guarded(gate, rest_of_it), methods=_EVERY_METHOD)
    straight = {(route.method, route.path): _guarded(gate, route) for route in ROUTES if route.streams}
    return Shield(Compressed(Straight(app, straight)), gate.settings.origin)


def _guarded(gate: Gate, route: Route) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        began = time.perf_counter()
        log.trace.set(traced(request.headers.get("traceparent", "")))
        response = await _answered(Visit(gate, request), route)
        gate.metrics.request(request.method, route.path, response.status_code, time.perf_counter() - began)
        return response

    return answer


async def _answered(visit: Visit, route: Route) -> Response:
    try:
        await visit.recognise(route.who)
        decide(await _knock(visit, route))
        return _remembered(visit, route, await route.answer(visit))
    except Failure as failure:
        method = visit.request.method
        facts = {"action": "http.refused", "code": failure.code, "method": method, "route": route.path}
        _log.info(failure.message, extra=facts)
        return await problems.answer(visit, failure)


async def _knock(visit: Visit, route: Route) -> Knock:
    request = visit.request
    headers = request.headers
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    given = headers.get("x-csrf", "")
    if media_type == "multipart/form-data":
        # A file is not read before it is known who sends it, so its form has the token in its address.
        given = given or visit.query("csrf")
    if request.method not in SAFE and route.who is not Who.ANYONE and visit.csrf and not given:
        given = "" if media_type in _NO_FORM else (await visit.form()).get("csrf", "")
    return Knock(
        method=request.method,
        who=route.who,
        user=visit.user,
        role=visit.role,
        least=route.least,
        by_key=visit.by_key,
        trusted=visit.trusted,
        expected=visit.csrf,
        given=given,
        media_type=media_type,
        fetch_site=headers.get("sec-fetch-site", ""),
        origin=headers.get("origin", ""),
        ours=tuple(filter(None, (f"http://{headers.get('host', '')}", visit.gate.settings.origin))),
    )


def _remembered(visit: Visit, route: Route, response: Response) -> Response:
    """Let a page visit become an event once the page is on its way."""
    opened = visit.request.method == "GET" and not visit.swaps
    if route.visited and opened and response.status_code == 200:
        afterwards = BackgroundTasks()
        afterwards.add_task(_visited, visit)
        response.background = afterwards
    return response


async def _visited(visit: Visit) -> None:
    event = happened(account_events.Visited(path=visit.request.url.path[:200]), visit.caller())
    try:
        await visit.gate.bus.journal.note(event)
    except Failure as failure:
        _log.warning(failure.message, extra={"action": "page.visit_lost"})
