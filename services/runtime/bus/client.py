"""nats-py's client with a shorter way through it: messages are handed on where they are read and sent when published.

nats-py puts what comes into a queue, out of which a task of each subscription calls back, and leaves what is published
to another task. Each of these is a turn of the event loop at every hop of every token, and a subscription costs a task.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from nats import errors
from nats.aio import client as nats_client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.aio.transport import TcpTransport

from services.runtime.bus.wire import Headers, checked, one_line

NAME_BYTES = 12
"""Random bytes in the name of a reply, so that nobody else can send one."""
NO_RESPONDERS = "503"
Deliver = Callable[[Msg], None]
"""Takes a message at once; it must not raise, for nobody would hear of it."""


class Client(nats_client.Client):
    """A connection to the bus."""

    _turn: asyncio.Handle | None = None
    """Set when something was sent in this turn of the loop; what follows goes out together in the next."""

    _patient = False
    """Whether what is sent now may wait for what follows."""

    async def hand(self, subject: str, deliver: Deliver, queue: str = "", *, patient: bool = False) -> Subscription:
        """Subscribe, and have each message handed on as it is read.

        A `patient` subscription goes out with what is published next, such as the question whose answer will come
        there, or in the next turn of the loop.
        """
        self._patient = patient
        try:
            subscription = await self.subscribe(subject, queue, pending_bytes_limit=0)
        finally:
            self._patient = False
        subscription._pending_queue = _Handed(deliver)  # type: ignore[assignment]  # noqa: SLF001 - there is no other door
        return subscription

    async def publish_all(self, messages: Iterable[tuple[str, Headers, bytes]]) -> None:
        """Publish messages, each a subject with headers and payload, in one write; in order, and nothing between them.

        Their subjects and headers are ours, so they are not looked at again as nats-py does with each of them. While
        the server is away they wait, as with `publish`.
        """
        frames = [_frame(*self._fitting(message)) for message in messages]
        if self.is_closed:
            raise errors.ConnectionClosedError
        if self.is_draining_pubs:
            raise errors.ConnectionDrainingError
        if not self.is_connected and sum(map(len, frames)) + self._pending_data_size > self._max_pending_size:
            raise errors.OutboundBufferLimitError
        await self._put(b"".join(frames))

    async def ask(self, subject: str, payload: bytes, timeout: float, headers: Headers | None = None) -> Msg:
        """Send a request and wait for its reply; raises nats' errors.

        Not by `request`, which waits with `asyncio.wait_for`: on Python 3.11 that drops a cancellation that arrives
        together with the reply, and a service would not hear that it was told to stop.
        """
        if not self._resp_sub_prefix:
            await self._init_request_sub()
        name = secrets.token_hex(NAME_BYTES)
        waiting: asyncio.Future[Msg] = asyncio.get_running_loop().create_future()
        self._resp_map[name] = waiting
        try:
            inbox = f"{(self._resp_sub_prefix or b'').decode()}{name}"
            await self.publish(checked(subject), payload, reply=inbox, headers=headers)
            async with asyncio.timeout(timeout):
                reply = await waiting
        except TimeoutError as error:
            raise errors.TimeoutError from error
        finally:
            del self._resp_map[name]
        if (reply.headers or {}).get("Status") == NO_RESPONDERS:
            raise errors.NoRespondersError
        return reply

    async def _send_publish(
        self,
        subject: str,
        reply: str,
        payload: bytes,
        payload_size: int,  # noqa: ARG002 - the library's
        headers: dict[str, Any] | None,
    ) -> None:
        """Send a message as nats-py does; headers are ours, so they are not looked at letter by letter."""
        await self._put(_frame(subject, headers or {}, payload, reply))

    async def _put(self, frames: bytes) -> None:
        await self._send_command(frames)
        if self._flush_queue is not None and self._flush_queue.empty():
            await self._flush_pending()

    def _fitting(self, message: tuple[str, Headers, bytes]) -> tuple[str, Headers, bytes]:
        """Return a message that the server takes; raises MaxPayloadError."""
        if len(message[2]) > self._max_payload:
            raise errors.MaxPayloadError
        return message

    async def _init_request_sub(self) -> None:
        self._resp_map = {}
        self._resp_sub_prefix = bytearray(f"{self.new_inbox()}.".encode())
        await self.hand(f"{self._resp_sub_prefix.decode()}*", self._settle)

    def _settle(self, reply: Msg) -> None:
        waiting = self._resp_map.get(reply.subject.rpartition(".")[2])
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)

    @staticmethod
    def _parse_header_lines(raw: bytes) -> dict[str, str]:
        """Read headers as nats-py does, but a name at a time instead of a letter."""
        found = {}
        for line in raw.decode("utf-8", "replace").split("\r\n"):
            name, colon, value = line.partition(":")
            words = name.split()
            if colon and len(words) == 1 and name.isascii():
                found[words[0]] = value.strip()
        return found

    async def _flush_pending(self, force_flush: bool = False) -> Any:
        if force_flush or not self._can_write():
            return await super()._flush_pending(force_flush)
        if self._patient:
            asyncio.get_running_loop().call_soon(self._write)
        elif self._turn is None:
            self._write()
        return None

    def _can_write(self) -> bool:
        """Whether the server takes what we send; otherwise nats-py holds it back as it does."""
        transport = self._transport
        if not (self.is_connected and isinstance(transport, TcpTransport) and transport._io_writer):  # noqa: SLF001
            return False
        return transport._io_writer.transport.get_write_buffer_size() == 0  # noqa: SLF001

    def _write(self) -> None:
        self._turn = None
        if not self._pending_data_size:
            return
        if self._can_write() and self._transport:
            self._transport.writelines(self._pending)
            self._pending, self._pending_data_size = [], 0
            self._turn = asyncio.get_running_loop().call_soon(self._write)
        elif self._flush_queue is not None and self._flush_queue.empty():
            self._flush_queue.put_nowait(asyncio.Future())


def _frame(subject: str, headers: Headers, payload: bytes, reply: str = "") -> bytes:
    """A message as the wire has it."""
    address = f"{checked(subject)} {reply}".encode() if reply else checked(subject).encode()
    if not headers:
        return b"PUB %s %d\r\n%s\r\n" % (address, len(payload), payload)
    # Not by f"{name}": the library names headers by an enumeration of strings, which is not what it is written as.
    lines = b"".join(b"%s: %s\r\n" % (name.encode(), one_line(value).encode()) for name, value in headers.items())
    head = b"NATS/1.0\r\n%s\r\n" % lines
    size = len(head)
    return b"HPUB %s %d %d\r\n%s%s\r\n" % (address, size, size + len(payload), head, payload)


class _Handed:
    """Stands where nats-py keeps what waits for a subscription, and keeps nothing."""

    def __init__(self, deliver: Deliver) -> None:
        self.put_nowait = deliver

    async def join(self) -> None:
        """Nothing waits here."""
