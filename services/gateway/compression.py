"""Pages in fewer bytes; never where another site made the browser ask, so that lengths tell that site nothing.

Compressed answers leak what they hold to whoever can make a browser ask again and again with words of their own, and
can see how long the answers are. A browser says who made it ask, and no page can forge that (`Sec-Fetch-Site`).
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SMALLEST = 600
"""Bytes below which it is not worth it."""
LEVEL = 5
_OURS = {b"same-origin", b"none"}
_TYPES = (b"text/html", b"application/json", b"application/manifest+json")
_GZIP = 31
"""zlib's word for gzip framing with the largest window."""


class Compressed:
    """Stands before the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, and its answer out, compressed where that is safe and worth it."""
        asked = dict(scope["headers"])
        packs = b"gzip" in asked.get(b"accept-encoding", b"") and asked.get(b"sec-fetch-site", b"") in _OURS
        await self._app(scope, receive, Packing(send).send if packs else send)


class Packing:
    """One answer on its way out."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        """Hold the start of an answer until its body is there; a body that comes in pieces goes out as it is."""
        if message["type"] == "http.response.start" and _fits(message):
            self._start = message
            return
        start, self._start = self._start, None
        if start is not None:
            body = message.get("body", b"")
            if not message.get("more_body") and len(body) >= SMALLEST:
                start, message = _packed(start, message)
            await self._send(start)
        await self._send(message)


def _fits(start: Message) -> bool:
    found = dict(start["headers"])
    return b"content-encoding" not in found and found.get(b"content-type", b"").startswith(_TYPES)


def _packed(start: Message, message: Message) -> tuple[Message, Message]:
    body = zlib.compress(message["body"], LEVEL, wbits=_GZIP)
    kept = [(name, value) for name, value in start["headers"] if name != b"content-length"]
    told = [(b"content-encoding", b"gzip"), (b"content-length", str(len(body)).encode())]
    return {**start, "headers": [*kept, *told, (b"vary", b"Accept-Encoding, Sec-Fetch-Site")]}, {
        **message,
        "body": body,
    }
