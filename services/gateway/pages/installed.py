"""What lets a browser install Daimon as an app: the worker, and the page that it shows while nothing can be reached."""

from __future__ import annotations

from fastapi import Response
from fastapi.responses import HTMLResponse

from services.gateway import outage
from services.gateway.accounts.access import Who
from services.gateway.visit import Route, Visit

AWAY = "Daimon cannot be reached. Start it on its machine with “bin/daimon up”, or look whether you are connected."


async def worker(visit: Visit) -> Response:
    """The worker; it stands at the root, because a worker sees only what lies below it."""
    served = await visit.gate.assets.named("worker", ".js")
    return Response(served.content, media_type=served.media_type)


async def offline(visit: Visit) -> Response:
    """The page that the worker keeps."""
    await visit.gate.assets.named("app", ".css")
    html = outage.page(AWAY, visit.gate.assets.stylesheet, retries=True)
    return HTMLResponse(html, headers={"Refresh": str(outage.RETRY_SECONDS)})


ROUTES = (
    Route(method="GET", path="/sw.js", who=Who.ANYONE, answer=worker),
    Route(method="GET", path="/offline", who=Who.ANYONE, answer=offline),
)
