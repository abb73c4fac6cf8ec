"""The way of tokens: what streams is answered before the framework, each of whose layers costs every piece its time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from fastapi import Request, Response
from starlette.middleware.errors import ServerErrorMiddleware

from services.gateway import problems

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

Answer = Callable[[Request], Awaitable[Response]]


class Straight:
    """Stands before the application, and leaves to it whatever has no answer here."""

    def __init__(self, app: ASGIApp, answers: Mapping[tuple[str, str], Answer]) -> None:
        self._app = app
        self._answers = {place: _answering(answer) for place, answer in answers.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request whose method and path are known."""
        await self._answers.get((scope["method"], scope["path"]), self._app)(scope, receive, send)


def _answering(answer: Answer) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await answer(Request(scope, receive))
        await response(scope, receive, send)

    return ServerErrorMiddleware(app, handler=problems.unexpected)
