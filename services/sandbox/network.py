"""The only way out of a box: an HTTP proxy that resolves names itself and judges each address."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from services.sandbox.reach import Reach, address_refusal

log = logging.getLogger(__name__)

Resolve = Callable[[str, int], Awaitable[list[str]]]
RefuseAddress = Callable[[str, int], str]

LARGEST_HEAD = 16 * 1024
HEAD_TIMEOUT = 10.0
CONNECT_TIMEOUT = 15.0
IDLE_TIMEOUT = 300.0
CONNECTIONS = 64
CHUNK = 65536


class RefusedError(Exception):
    """The box may not reach this."""


class BadRequestError(Exception):
    """This is not a request to an HTTP proxy."""


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, as this machine knows them."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise BadRequestError from error
    return [str(address[0]) for *_, address in found]


class Request:
    """The head of a proxy request: where to, and what to send there first."""

    def __init__(self, head: bytes) -> None:
        """Read a head; BadRequestError when it is none."""
        line, _, self._headers = head.partition(b"\r\n")
        try:
            self.method, target, self.version = line.decode("ascii").split(" ")
            self.tunnel = self.method == "CONNECT"
            parts = urlsplit(f"//{target}" if self.tunnel else target)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise BadRequestError from error
        if not host or (not self.tunnel and parts.scheme != "http") or (self.tunnel and port is None):
            raise BadRequestError
        self.host = host
        self.port = port or 80
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def forwarded(self) -> bytes:
        """The head as the host itself wants it, for one request only."""
        own = (b"proxy-", b"connection:", b"keep-alive:")
        kept = [line for line in self._headers.split(b"\r\n") if line and not line.lower().startswith(own)]
        first = f"{self.method} {self._path} {self.version}".encode("ascii")
        return b"\r\n".join([first, *kept, b"Connection: close", b"", b""])


class Target(NamedTuple):
    """Where a connection of a box leads to."""

    host: str
    port: int
    back: asyncio.StreamWriter


class Gate:
    """The way out of one box; `reach` may be changed at any time, and cuts connections that it no longer allows."""

    def __init__(self, reach: Reach, find: Resolve = resolve, judge: RefuseAddress | None = None) -> None:
        """`find` resolves names; `judge` says why an address may not be connected to, or ''."""
        self._reach = reach
        self._under_way: dict[asyncio.StreamWriter, Target] = {}
        """The hosts' ends of connections, by the box's ends."""
        self._find = find
        self._judge = judge or refusal
        self._clients: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    @property
    def reach(self) -> Reach:
        """What the box may reach."""
        return self._reach

    @reach.setter
    def reach(self, reach: Reach) -> None:
        self._reach = reach
        for client, (host, port, back) in self._under_way.items():
            if reach.refusal(host, port):
                log.info("cut: %s:%d", host, port, extra={"action": "network.cut"})
                client.close()
                back.close()

    async def listen(self, listener: socket.socket) -> None:
        """Serve the box on a listening socket that lies in the box's own network."""
        self._server = await asyncio.start_server(self._serve, sock=listener, limit=LARGEST_HEAD)

    def close(self) -> None:
        """Take no more connections and end those there are."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for client in self._clients:
            client.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        try:
            await self._pass_on(reader, writer)
        except RefusedError as error:
            log.info("refused: %s", error, extra={"action": "network.refused"})
            await _answer(writer, 403, str(error))
        except BadRequestError:
            await _answer(writer, 400, "this is an HTTP proxy: CONNECT host:port, or http:// addresses")
        except OSError as error:
            await _answer(writer, 502, f"no connection: {error.strerror or 'it took too long'}")
        finally:
            self._clients.discard(writer)
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) > CONNECTIONS:
            raise RefusedError("this box has too many connections open")
        request = Request(await _head(reader))
        there, back = await self._connect(request.host, request.port)
        self._under_way[writer] = Target(request.host, request.port, back)
        try:
            # What may be reached may have been changed while the connection was made.
            if reason := self.reach.refusal(request.host, request.port):
                raise RefusedError(reason)
            if request.tunnel:
                writer.write(b"HTTP/1.1 200 Connection Established\r\n\r\n")
            else:
                back.write(request.forwarded())
            async with asyncio.TaskGroup() as both:
                both.create_task(_copy(reader, back))
                both.create_task(_copy(there, writer))
        finally:
            del self._under_way[writer]
            back.close()

    async def _connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if reason := self.reach.refusal(host, port):
            raise RefusedError(reason)
        # The address that was looked at is the one connected to: a name is never resolved a second time.
        addresses = await self._find(host, port)
        reasons = {address: self._judge(address, port) for address in addresses}
        allowed = [address for address in addresses if not reasons[address]]
        if not allowed:
            raise RefusedError(next(iter(reasons.values()), f"{host} has no address"))
        return await _first(allowed, port)


async def _first(addresses: list[str], port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    failed = OSError()
    for address in addresses:
        try:
            return await asyncio.wait_for(asyncio.open_connection(address, port), CONNECT_TIMEOUT)
        except OSError as error:
            failed = error
    raise failed


def refusal(address: str, port: int) -> str:
    """Why an address may not be connected to: it is not a public one, or it is this machine's own; '' when it may."""
    return address_refusal(address) or _own(address, port)


def _own(address: str, port: int) -> str:
    # Connecting a datagram socket sends nothing, but tells from which address it would.
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect((address, port))
        if probe.getsockname()[0] == address:
            return f"{address} is this machine"
    return ""


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_TIMEOUT)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError) as error:
        raise BadRequestError from error
    return head[:-4]


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await asyncio.wait_for(reader.read(CHUNK), IDLE_TIMEOUT):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        # One side went away or fell silent: closing both tells the other.
        writer.close()


async def _answer(writer: asyncio.StreamWriter, status: int, sentence: str) -> None:
    # Many clients show only the status line, so the reason stands there as well.
    body = f"{sentence}\n".encode()
    head = f"HTTP/1.1 {status} {sentence}\r\nContent-Type: text/plain; charset=utf-8\r\n"
    with contextlib.suppress(OSError):
        writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode("ascii", "replace"))
        writer.write(body)
        await writer.drain()
