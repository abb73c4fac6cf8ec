"""Getting in and out: one-time links, signing out, and what a stranger sees."""

from __future__ import annotations

from fastapi import Response

from proto import accounts, ui
from proto.base import Caller
from proto.errors import Missing
from proto.events import happened
from services.gateway.access import Who
from services.gateway.visit import THEMES, Route, Visit, see_other

YEAR = 365 * 24 * 3600


async def sign_in(visit: Visit) -> Response:
    """Say how to get in."""
    if visit.session:
        return see_other("/")
    return await visit.page(ui.SIGN_IN, ui.SignInPage(frame=visit.frame()))


async def link(visit: Visit) -> Response:
    """Show a one-time link's button. Chat programs and mail scanners open links too; only a click uses it up."""
    usable = await visit.gate.sessions.invited(visit.path("token"))
    view = ui.LinkPage(frame=visit.frame(path="/in"), path=visit.request.url.path if usable else "")
    return await visit.page(ui.LINK, view, status=200 if usable else 410)


async def enter(visit: Visit) -> Response:
    """Use a one-time link up and sign the browser in."""
    user = await visit.gate.sessions.redeem(visit.path("token"))
    if not user:
        return await visit.page(ui.LINK, ui.LinkPage(frame=visit.frame(path="/in")), status=410)
    await visit.gate.bus.journal.append(happened(accounts.SignedIn(), Caller(user=user)))
    response = see_other("/")
    settings = visit.gate.settings
    response.set_cookie(
        visit.gate.cookie,
        await visit.gate.sessions.open(user),
        max_age=settings.session_days * 24 * 3600,
        httponly=True,
        samesite="lax",
        secure=settings.secure,
    )
    return response


async def sign_out(visit: Visit) -> Response:
    """End the session, everywhere at once."""
    await visit.gate.sessions.end(visit.secret)
    await visit.gate.bus.journal.append(happened(accounts.SignedOut(), visit.caller()))
    response = see_other("/sign-in")
    response.delete_cookie(visit.gate.cookie, secure=visit.gate.settings.secure, httponly=True, samesite="lax")
    return response


async def theme(visit: Visit) -> Response:
    """Keep the chosen appearance in the browser."""
    chosen = (await visit.form()).get("theme", "")
    response = see_other(await visit.back())
    if chosen in THEMES:
        secure = visit.gate.settings.secure
        response.set_cookie("daimon_theme", chosen, max_age=YEAR, samesite="lax", secure=secure)
    return response


async def asset(visit: Visit) -> Response:
    """A file that pages refer to."""
    served = await visit.gate.assets.get(visit.path("name"))
    packed = "gzip" in visit.request.headers.get("accept-encoding", "")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(served.gzipped if packed else served.content, media_type=served.media_type, headers=headers)


async def health(visit: Visit) -> Response:
    """Say whether the gateway reaches the bus."""
    up = visit.gate.bus.connected
    return Response("ok\n" if up else "the bus is away\n", 200 if up else 503, media_type="text/plain")


async def nothing(_: Visit) -> Response:
    """Answer for every address that is not in a table."""
    raise Missing("No page has this address.")


ROUTES = (
    Route(method="GET", path="/sign-in", who=Who.ANYONE, answer=sign_in),
    Route(method="GET", path="/in/{token}", who=Who.ANYONE, answer=link),
    Route(method="POST", path="/in/{token}", who=Who.ANYONE, answer=enter),
    Route(method="POST", path="/sign-out", who=Who.SIGNED_IN, answer=sign_out),
    Route(method="POST", path="/theme", who=Who.SIGNED_IN, answer=theme),
    Route(method="GET", path="/static/{name}", who=Who.ANYONE, answer=asset),
    Route(method="GET", path="/healthz", who=Who.ANYONE, answer=health),
)
EVERYTHING_ELSE = Route(method="GET", path="/{path:path}", who=Who.ANYONE, answer=nothing)
