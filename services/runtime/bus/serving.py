"""Serving calls as NATS micro services, with five repairs of nats-py.

nats-py awaits one callback at a time, hides what a handler raises, sends `repr(error)` to the caller, counts only
the time until a handler's first return, and stops without draining. Here handlers run side by side up to a bound,
failures go to the log whole and to the caller as a sentence, the statistics are true, and stopping lets them finish.
"""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any

import msgspec
from nats import errors as nats_errors
from nats.aio.msg import Msg
from nats.micro.request import ERROR_CODE_HEADER, ERROR_HEADER
from nats.micro.service import Endpoint, EndpointConfig, Service, ServiceConfig

from proto import errors
from proto.base import Action, Call, Caller
from proto.permissions import INBOX
from services.runtime import log
from services.runtime.bus import wire
from services.runtime.bus.client import Client

CONCURRENCY = 128
"""Requests of one process that run at the same time; more wait for a slot."""
DEFAULT_TIMEOUT = 30.0
DRAIN = 4.0
VERSION = "0.1.0"

_UNTIL: ContextVar[float] = ContextVar("until")

Handler = Callable[[Any, Caller], Awaitable[msgspec.Struct]]
Routes = Mapping[Call[Any, Any], Handler]


def seconds_left() -> float:
    """How long whoever asked for what this task does still waits for the answer; for ever where nobody did."""
    until = _UNTIL.get(None)
    return math.inf if until is None else max(0.0, until - asyncio.get_running_loop().time())


class Server:
    """One micro service of this process."""

    def __init__(self, client: Client, name: str, description: str) -> None:
        self._client = client
        self._service = _Service(client, ServiceConfig(name=name, version=VERSION, description=description))
        self._slots = asyncio.Semaphore(CONCURRENCY)
        self._running: set[asyncio.Task[None]] = set()
        self._log = logging.getLogger(f"daimon.{name}")

    async def start(self, routes: Routes) -> None:
        """Announce the service and subscribe to its calls."""
        await self._service.start()
        for call, handler in routes.items():
            config = EndpointConfig(
                name=call.name.replace(".", "-"), subject=call.pattern, handler=_unused, metadata=metadata(call)
            )
            accept = functools.partial(self._accept, call, handler)
            endpoint = _Endpoint(self._service, config, self._client, accept)
            await endpoint._start()  # noqa: SLF001 - the library has no other door for an endpoint of one's own
            self._service._endpoints.append(endpoint)  # noqa: SLF001

    async def stop(self) -> None:
        """Take nothing new, let what runs finish, then leave."""
        await self._service.stop()
        if self._running:
            await asyncio.wait(self._running, timeout=DRAIN)
        for task in self._running:
            task.cancel()

    def _accept(self, call: Call[Any, Any], handler: Handler, message: Msg) -> asyncio.Task[None]:
        task = asyncio.create_task(self._answer_in_turn(message, call, handler))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _answer_in_turn(self, message: Msg, call: Call[Any, Any], handler: Handler) -> None:
        async with self._slots:
            await self._answer(message, call, handler)

    async def _answer(self, message: Msg, call: Call[Any, Any], handler: Handler) -> None:
        log.trace.set((message.headers or {}).get(wire.TRACE) or wire.new_trace())
        try:
            reply = wire.encode(await self._run(message, call, handler))
        except errors.Failure as failure:
            self._log.info(failure.message, extra={"action": f"{call.name}.refused", "code": failure.code})
            await _respond_failure(message, failure)
            raise
        except Exception as error:
            self._log.exception("handler failed", extra={"action": f"{call.name}.failed"})
            await _respond_failure(message, errors.Failure())
            raise errors.Failure from error
        await _respond(message, reply)

    async def _run(self, message: Msg, call: Call[Any, Any], handler: Handler) -> msgspec.Struct:
        caller = wire.caller(call.subject, message.subject, message.headers)
        try:
            seconds = wire.timeout(message.headers, DEFAULT_TIMEOUT)
            _UNTIL.set(asyncio.get_running_loop().time() + seconds)
            async with asyncio.timeout(seconds):
                return await handler(wire.decode(message.data, call.request), caller)
        except TimeoutError as error:
            raise errors.TimedOut from error


class _Service(Service):
    """A service that answers on the control subjects to inboxes alone."""

    async def _handle_ping_request(self, msg: Msg) -> None:
        if msg.reply.startswith(f"{INBOX}."):
            await super()._handle_ping_request(msg)

    async def _handle_info_request(self, msg: Msg) -> None:
        if msg.reply.startswith(f"{INBOX}."):
            await super()._handle_info_request(msg)

    async def _handle_stats_request(self, msg: Msg) -> None:
        if msg.reply.startswith(f"{INBOX}."):
            await super()._handle_stats_request(msg)


class _Endpoint(Endpoint):
    """An endpoint whose statistics count a request when it has been answered."""

    def __init__(
        self, service: Service, config: EndpointConfig, client: Client, accept: Callable[[Msg], asyncio.Task[None]]
    ) -> None:
        super().__init__(service, config)
        self._client = client
        self._accept = accept

    async def _start(self) -> None:
        self._subscription = await self._client.hand(self._subject, self._take, self._queue_group)

    def _take(self, message: Msg) -> None:
        started = time.perf_counter_ns()
        self._accept(message).add_done_callback(lambda done: self._count(done, time.perf_counter_ns() - started))

    def _count(self, done: asyncio.Task[None], elapsed: int) -> None:
        self._num_requests += 1
        self._processing_time += elapsed
        self._average_processing_time = self._processing_time // self._num_requests
        error = None if done.cancelled() else done.exception()
        if error is not None:
            self._num_errors += 1
            self._last_error = str(error)  # type: ignore[assignment]


def metadata(call: Call[Any, Any]) -> dict[str, str]:
    """What an endpoint says of itself in `$SRV.INFO`; an action is its own menu entry."""
    if not isinstance(call, Action):
        return {}
    return {
        "action": call.name,
        "description": " ".join((call.request.__doc__ or "").split()),
        "schema": json.dumps(schema(call.request)),
        "phrasings": json.dumps(call.phrasings),
        "risk": call.risk,
        "inverse": call.inverse,
        "foreign": json.dumps(call.foreign),
        "contained": json.dumps(call.contained),
    }


def schema(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON Schema of a request, in one piece, without the title that repeats the class name."""
    (found,), components = msgspec.json.schema_components([kind])
    if "$ref" in found:
        found = components[found["$ref"].rpartition("/")[2]]
    found.pop("title", None)
    return found


async def _unused(_: object) -> None:
    """Stand where the library wants a handler; `_Endpoint` never calls it."""


async def _respond(message: Msg, payload: bytes, headers: wire.Headers | None = None) -> None:
    # A requester may name any subject for the reply; ours go to inboxes, or a reply could pass for an event.
    if not message.reply.startswith(f"{INBOX}."):
        return
    try:
        await message._client.publish(message.reply, payload, headers=headers)  # noqa: SLF001 - respond() takes no headers
    except nats_errors.MaxPayloadError:
        await _respond_failure(message, errors.TooLarge("The answer is too large to send; ask for less."))
    except nats_errors.Error:
        logging.getLogger("daimon.bus").warning("reply lost", extra={"action": "bus.reply_lost"})


async def _respond_failure(message: Msg, failure: errors.Failure) -> None:
    headers = {ERROR_HEADER: wire.header_text(failure.message), ERROR_CODE_HEADER: str(failure.code)}
    await _respond(message, wire.encode({"error": failure.message}), headers)
