"""Getting in and out: one-time links, signing out, and what a stranger sees."""

from __future__ import annotations

from typing import ClassVar

from fastapi import Response
from starlette.background import BackgroundTask

from proto import accounts, ui_accounts
from proto.errors import Failure, Missing
from proto.events import happened
from services.gateway.accounts.access import Who
from services.gateway.accounts.administration import record
from services.gateway.accounts.passwords import chosen
from services.gateway.visit import THEMES, Route, Visit, posted, see_other

YEAR = 365 * 24 * 3600


class WrongPassword(Failure):
    """That name and that password do not belong together. Try again, or have a one-time link made."""

    code: ClassVar[int] = 401


async def sign_in(visit: Visit) -> Response:
    """Say how to get in."""
    if visit.session:
        return see_other("/")
    return await visit.page(ui_accounts.SIGN_IN, ui_accounts.SignInPage(frame=visit.frame()))


async def sign_in_by_password(visit: Visit) -> Response:
    """Sign in with name and password; wrong ones cost time, and the account's log tells of them."""
    form = await visit.form()
    name, gate = form.get("name", "").strip()[:64], visit.gate
    try:
        await gate.throttle.enter(name, visit.address)
        account = await gate.users.check(name, form.get("password", ""))
        if account is None:
            raise WrongPassword
    except Failure as failure:
        frame = visit.frame(path="/sign-in", notice=failure.message)
        response = await visit.page(
            ui_accounts.SIGN_IN, ui_accounts.SignInPage(frame=frame, name=name), status=failure.code
        )
        if isinstance(failure, WrongPassword):
            # Once the answer is out, or its time would tell which accounts there are.
            response.background = BackgroundTask(_tell, visit, name)
        return response
    await gate.throttle.succeeded(name, visit.address)
    return await admit(visit, account.name, "password")


async def link(visit: Visit) -> Response:
    """Show a one-time link's button. Chat programs and mail scanners open links too; only a click uses it up."""
    return await _link(visit)


async def enter(visit: Visit) -> Response:
    """Use a one-time link up and sign the browser in; an invitation asks for a password first."""
    gate, token = visit.gate, visit.path("token")
    grant, made = await gate.sessions.invited(token), ""
    if grant is not None and grant.welcome:
        try:
            made = await gate.users.hash(grant.user, chosen(await visit.form()))
        except Failure as failure:
            return await _link(visit, failure)
    # Of several who use a link at once, only the one that it lets in chooses the password.
    user = await gate.sessions.redeem(token)
    if not user:
        return await visit.page(ui_accounts.LINK, ui_accounts.LinkPage(frame=visit.frame(path="/in")), status=410)
    if made:
        await gate.users.secure(user, made)
        await record(gate, user, accounts.PasswordSet())
    await gate.users.entered(user)
    return await admit(visit, user, "link")


async def admit(visit: Visit, user: str, by: str) -> Response:
    """Sign the browser in as a user whom something vouches for: a link, a password, or one day an identity provider."""
    gate = visit.gate
    await record(gate, user, accounts.SignedIn(by=by))
    response = see_other("/")
    response.set_cookie(
        gate.cookie,
        await gate.sessions.open(user, visit.request.headers.get("user-agent", "")),
        max_age=gate.settings.session_days * 24 * 3600,
        httponly=True,
        samesite="lax",
        secure=gate.settings.secure,
    )
    return response


async def _link(visit: Visit, failure: Failure | None = None) -> Response:
    grant = await visit.gate.sessions.invited(visit.path("token"))
    view = ui_accounts.LinkPage(
        frame=visit.frame(path="/in", notice=failure.message if failure else ""),
        path=visit.request.url.path if grant else "",
        name=grant.user if grant and grant.welcome else "",
    )
    return await visit.page(ui_accounts.LINK, view, status=failure.code if failure else 200 if grant else 410)


async def _tell(visit: Visit, name: str) -> None:
    """Let the account know; there is no log for a name that nobody has."""
    account = next((one for one in await visit.gate.users.all() if one.name.casefold() == name.casefold()), None)
    if account is not None:
        await record(visit.gate, account.name, accounts.SignInFailed(address=visit.address))


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
    Route(method="POST", path="/sign-in", who=Who.ANYONE, answer=sign_in_by_password),
    Route(method="GET", path="/in/{token}", who=Who.ANYONE, answer=link),
    Route(method="POST", path="/in/{token}", who=Who.ANYONE, answer=enter),
    posted("/sign-out", sign_out, least="guest"),
    posted("/theme", theme, least="guest"),
    Route(method="GET", path="/static/{name}", who=Who.ANYONE, answer=asset),
    Route(method="GET", path="/healthz", who=Who.ANYONE, answer=health),
)
EVERYTHING_ELSE = Route(method="GET", path="/{path:path}", who=Who.ANYONE, answer=nothing)
