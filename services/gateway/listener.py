"""The HTTP server: bound before it is said to be ready, and stopped so that streams end and requests finish."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

import uvicorn

from services.runtime.settings import SettingsError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_log = logging.getLogger("daimon.gateway")
DRAIN_SECONDS = 4
KEEP_ALIVE = 75


class Listener(uvicorn.Server):
    """uvicorn inside our own run loop, which handles the signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the run loop."""
        yield


def bind(host: str, port: int) -> socket.socket:
    """Take the port, or say in a sentence why that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol said, asyncio turns Nagle's waiting off for what it accepts; else small writes wait 40 ms.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        advice = "Stop what uses it, or choose another with `--port`."
        raise SettingsError(f"Port {port} on {host} cannot be used: {error.strerror}. {advice}") from error
    return bound


async def listen(app: ASGIApp, bound: socket.socket, closing: asyncio.Event) -> None:
    """Serve until cancelled; then end the streams and let the requests finish."""
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    server = Listener(config)
    host, port, *_ = bound.getsockname()
    _log.info("listening", extra={"action": "gateway.listening", "host": host, "port": port})
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        await asyncio.shield(serving)
    finally:
        closing.set()
        server.should_exit = True
        await serving
