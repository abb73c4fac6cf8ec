"""What holds for every response: the host it was asked at is ours, and the headers that keep browsers strict."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOCAL = {"localhost", "127.0.0.1", "::1"}
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {sources}" for name, sources in _POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_RAW = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_WRONG_HOST = b"Daimon does not answer under this name. Use the address that `daimon link` prints, or set its origin.\n"


class Shield:
    """Stands before the application; a page of another site that makes its name point here gets nowhere."""

    def __init__(self, app: ASGIApp, origin: str) -> None:
        self._app = app
        self._hosts = _LOCAL | ({urlsplit(origin).hostname or ""} if origin else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request for one of our names through, and every answer out with its headers."""
        if scope["type"] != "http":
            return
        if not self.ours(dict(scope["headers"]).get(b"host", b"").decode("latin-1")):
            await _misdirected(send)
            return
        await self._app(scope, receive, _strict(send))

    def ours(self, host: str) -> bool:
        """Whether a Host header names us, on any port."""
        try:
            return (urlsplit(f"//{host}").hostname or "") in self._hosts
        except ValueError:
            return False


def _strict(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {name for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(pair for pair in _RAW if pair[0] not in given)]
        await send(message)

    return sent


async def _misdirected(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close"), *_RAW]
    await send({"type": "http.response.start", "status": 421, "headers": headers})
    await send({"type": "http.response.body", "body": _WRONG_HOST})
