"""One HTTP request with everything a handler needs: who asks, what was sent, and the bus to ask."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

import msgspec
from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from proto import ui
from proto.accounts import Profile, Role
from proto.base import Call, Caller
from proto.errors import Invalid, TooLarge
from services.gateway.accounts.access import KEY_ONLY, Who, csrf
from services.gateway.accounts.sessions import Session
from services.gateway.gate import Gate
from services.gateway.live.standing import standing
from services.gateway.message import conversation_of, read_form

BODY_LIMIT = 1_000_000
"""Bytes; a larger body belongs into an upload."""
DRAIN_LIMIT = 32 * BODY_LIMIT
"""Bytes that are read and dropped so that the sender hears why, instead of a broken connection."""
_HERE = {"127.0.0.1", "::1"}
THEMES = ("auto", "light", "dark")
ZONE_LIMIT = 50
"""Characters of a time zone's name."""

Q = TypeVar("Q", bound=msgspec.Struct)
R = TypeVar("R", bound=msgspec.Struct)


class Visit:
    """One request."""

    def __init__(self, gate: Gate, request: Request) -> None:
        self.gate = gate
        self.request = request
        self.session: Session | None = None
        self.role: Role = "guest"
        """What the account may do."""
        self.profile = Profile()
        """How it wants to be met."""
        self.by_key = False
        """Whether it is a program that shows an API key."""

    @property
    def user(self) -> str:
        """The account, empty for a stranger."""
        return self.session.user if self.session else ""

    @property
    def secret(self) -> str:
        """The session's secret, as the browser sent it."""
        return self.request.cookies.get(self.gate.cookie, "")

    @property
    def bearer(self) -> str:
        """The API key that came with the request, empty when none did."""
        scheme, _, secret = self.request.headers.get("authorization", "").partition(" ")
        return secret.strip() if scheme.lower() == "bearer" else ""

    async def recognise(self, who: Who | None) -> None:
        """Find out who asks, by what the route takes: a session's cookie, or an API key."""
        self.by_key = who in KEY_ONLY or (who is Who.EITHER and "authorization" in self.request.headers)
        keys, sessions = self.gate.keys, self.gate.sessions
        found = await (keys.find(self.bearer) if self.by_key else sessions.find(self.secret))
        account = await self.gate.users.find(found.user) if found else None
        if account is not None and account.state in ("active", "invited"):
            self.session, self.role, self.profile = found, account.role, account.profile

    @functools.cached_property
    def csrf(self) -> str:
        """What this session's forms carry."""
        return csrf(self.secret) if self.session and not self.by_key else ""

    @property
    def swaps(self) -> bool:
        """Whether htmx asks and wants only what changed."""
        return "hx-request" in self.request.headers

    def path(self, name: str) -> str:
        """A part of the route's path; Invalid when nothing can be called so."""
        found = str(self.request.path_params[name])
        if "\0" in found:
            raise Invalid("Nothing has a name with a NUL in it. Look whether the address is whole.")
        return found

    @property
    def conversation(self) -> str:
        """The conversation that the path names; Invalid when none can have that id."""
        return conversation_of(self.path("conversation"))

    def query(self, name: str) -> str:
        """A query parameter, empty when it is not there."""
        return self.request.query_params.get(name, "")

    @property
    def address(self) -> str:
        """Where the request came from; behind a proxy, which an origin means, where the proxy says."""
        said = self.request.headers.get("x-forwarded-for", "") if self.gate.settings.origin else ""
        client = self.request.client
        return said.rpartition(",")[2].strip() or (client.host if client else "")

    @property
    def trusted(self) -> bool:
        """Whether it comes from this machine and may read numbers without a key; never through a proxy."""
        settings, client = self.gate.settings, self.request.client
        return settings.metrics == "loopback" and not settings.origin and client is not None and client.host in _HERE

    @property
    def origin(self) -> str:
        """How addresses of ours begin, as whoever asks sees them."""
        return self.gate.settings.origin or f"http://{self.request.headers.get('host', '')}"

    def caller(self, conversation: str = "") -> Caller:
        """On whose behalf calls are made."""
        return Caller(user=self.user, actor="user", conversation=conversation)

    def frame(self, *, path: str = "", notice: str = "") -> ui.Frame:
        """What the page carries around its content."""
        chosen = self.request.cookies.get("daimon_theme", "")
        theme = cast("ui.Theme", chosen) if chosen in THEMES else "auto"
        return ui.Frame(
            user=self.user,
            shown=self.profile.shown or self.user,
            csrf=self.csrf,
            path=path or self.request.url.path,
            theme=theme,
            zone=self.profile.zone or self.request.cookies.get("daimon_zone", "")[:ZONE_LIMIT],
            role=self.role,
            keys=self.request.cookies.get("daimon_keys", "") != "off",
            notice=notice,
        )

    async def call(self, call: Call[Q, R], request: Q, *, conversation: str = "", timeout: float = 5.0) -> R:
        """Ask a service on behalf of the user."""
        return await self.gate.bus.call(call, request, caller=self.caller(conversation), timeout=timeout)

    async def page(self, call: Call[Q, ui.Html], view: Q, *, status: int = 200) -> Response:
        """Answer with a page, on which stands what the ghost offers."""
        frame = getattr(view, "frame", None)
        if self.user and not self.swaps and isinstance(frame, ui.Frame):
            offer = await standing(self.gate.bus, self.user)
            view = msgspec.structs.replace(view, frame=msgspec.structs.replace(frame, offer=offer))
        return HTMLResponse((await self.gate.bus.call(call, view)).html, status_code=status)

    async def changed(self, *changes: ui.Change, status: int = 200, path: str = "") -> Response:
        """Answer htmx with what changed on the page at a path, or on the one that the form says it stands on."""
        if not changes:
            return HTMLResponse("", status_code=status)
        view = ui.Changes(changes=changes, frame=self.frame(path=path or await self.back()))
        return HTMLResponse((await self.gate.bus.call(ui.LIVE, view)).html, status_code=status)

    async def done(self) -> Response:
        """Answer a form whose page hears of the change by its live stream, or is opened anew."""
        return await self.changed() if self.swaps else see_other(await self.back())

    async def back(self) -> str:
        """The page a form stands on, as it says itself; only ever a page of ours."""
        given = (await self.form()).get("back", "") if self.request.method == "POST" else ""
        ours = given.startswith("/") and not given.startswith(("//", "/\\")) and given.isprintable()
        return given if ours else "/"

    async def form(self) -> dict[str, str]:
        """The form that was sent."""
        return read_form(await self.body())

    async def json(self, kind: type[R]) -> R:
        """The JSON body that was sent; Invalid says what is wrong with it."""
        try:
            return msgspec.json.decode(await self.body(), type=kind)
        except msgspec.ValidationError as error:
            raise Invalid(f"{error}") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Invalid(f"That is not valid JSON: {error}") from error

    @property
    def drained(self) -> bool:
        """Whether the body was read already, as a form is for its token."""
        return hasattr(self, "_body")

    async def body(self) -> bytes:
        """The body, up to the limit; what is beyond is read and dropped."""
        if not self.drained:
            self._body = await _read(self.request)
        return self._body


Endpoint = Callable[[Visit], Awaitable[Response]]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a routing table: where, who may, and what answers."""

    method: str
    path: str
    who: Who
    answer: Endpoint
    least: Role | None = None
    """What an account must be to use it; None for guests to look and members to change."""
    takes: type[msgspec.Struct] | None = None
    """What a request holds, for those who read about the interface."""
    gives: type[msgspec.Struct] | None = None
    """What an answer holds."""
    query: tuple[str, ...] = ()
    """Parameters in the address."""
    visited: bool = False
    """Whether opening it is a page visit, and so an event."""
    streams: bool = False
    """Whether its answer comes piece by piece, and so passes no framework; its path has no parameter."""


def opened(path: str, answer: Endpoint, least: Role | None = None) -> Route:
    """A page for whoever is signed in; opening it is a page visit."""
    return Route(method="GET", path=path, who=Who.SIGNED_IN, answer=answer, visited=True, least=least)


def posted(path: str, answer: Endpoint, least: Role | None = None) -> Route:
    """What a page of whoever is signed in sends."""
    return Route(method="POST", path=path, who=Who.SIGNED_IN, answer=answer, least=least)


def see_other(path: str) -> Response:
    """Send the browser on with a GET, so that reloading does not post again."""
    return RedirectResponse(path, status_code=303)


async def _read(request: Request) -> bytes:
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size <= BODY_LIMIT:
            pieces.append(piece)
        if size > DRAIN_LIMIT:
            break
    if size > BODY_LIMIT:
        most = BODY_LIMIT // 1_000_000
        raise TooLarge(
            f"That is more than {most} MB, the limit of a message. Send it in parts, or attach it as a file."
        )
    return b"".join(pieces)
