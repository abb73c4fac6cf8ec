"""An answer on its way to a client of the OpenAI interface: whole, or piece by piece with nothing in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec
from fastapi import Response

from proto import chat
from proto.base import Caller
from proto.chat import Ended
from proto.errors import Failure, TimedOut, Unavailable
from services.gateway import problems
from services.gateway.gate import Gate
from services.gateway.live.stream import first_of, gone
from services.gateway.programs.answers import Step, answer
from services.gateway.programs.openai_wire import CalledTool, Usage, called, finish_reason, usage

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

QUIET = 10.0
"""Seconds without a word after which the connection is kept alive with a comment."""
BROKEN_OFF = "The answer was broken off: Daimon is stopping, or this key opens nothing any more."
_CHUNK, _WHOLE = "chat.completion.chunk", "chat.completion"
_ALIVE, _DONE = b": still writing\n\n", b"data: [DONE]\n\n"
_HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}


class ModelFailed(Failure):
    """The model could not answer."""

    code = 502


class CalledPiece(CalledTool, frozen=True, kw_only=True):
    """A call in a stream, which numbers them."""

    index: int


class Delta(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an answer grew by."""

    role: str = ""
    content: str = ""
    reasoning_content: str = ""
    tool_calls: tuple[CalledPiece, ...] = ()


class DeltaChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The one choice of a piece."""

    index: int = 0
    delta: Delta
    finish_reason: str | None = None


class Chunk(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One piece of a stream."""

    id: str
    object: str
    created: int
    model: str
    choices: tuple[DeltaChoice, ...]
    usage: Usage | None = None


class AnswerMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The message that is the answer."""

    role: str
    content: str | None
    reasoning_content: str = ""
    tool_calls: tuple[CalledTool, ...] = ()


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """The one choice of an answer."""

    index: int = 0
    message: AnswerMessage
    finish_reason: str
    logprobs: None = None


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer."""

    id: str
    object: str
    created: int
    model: str
    choices: tuple[Choice, ...]
    usage: Usage


class Answering(Response):
    """A response that asks, hands on what is written, and stops the turn when its reader goes."""

    def __init__(self, gate: Gate, caller: Caller, request: chat.Send, ends: tuple[asyncio.Event, ...]) -> None:
        super().__init__()
        self._gate = gate
        self._caller = caller
        self._request = request
        self._ends = ends
        self._created = int(time.time())
        self.id = f"chatcmpl-{request.conversation}"
        self.model = request.given.model if request.given else ""
        self._turn_open = False
        self._told = False
        """Whether the reader has heard what went wrong."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer until it is whole, the reader goes, or an end is called for."""
        left = asyncio.Event()

        async def write() -> None:
            try:
                await self._answer(scope, receive, send)
            except Failure as failure:
                await self._fail(failure, scope, receive, send)

        async def leave() -> None:
            await gone(receive)
            left.set()

        await first_of(write(), leave(), *self._beside(send), *(end.wait() for end in self._ends))
        if self._turn_open:
            await self._stop()
            if not (left.is_set() or self._told):
                await self._fail(Unavailable(BROKEN_OFF), scope, receive, send)

    def _beside(self, _: Send) -> tuple[Coroutine[None, None, None], ...]:
        """What goes on beside the answer."""
        return ()

    async def _steps(self) -> AsyncGenerator[Step, None]:
        """What is written, as it comes; keeps count of whether the turn is open. Raises ModelFailed at a failed end."""
        async with aclosing(answer(self._gate.bus, self._caller, self._request)) as steps:
            async for step in steps:
                self._turn_open = step.ended is None
                if step.ended is not None and step.ended.outcome == "failed":
                    raise ModelFailed(step.ended.error)
                yield step

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the whole answer on; the wait for it has a limit."""
        limit = self._gate.settings.answer_seconds
        try:
            async with asyncio.timeout(limit):
                whole = await self._collected()
        except TimeoutError as error:
            raise TimedOut(f"The answer was not there after {limit:g} seconds; ask for it with `stream`.") from error
        await Response(whole, media_type="application/json")(scope, receive, send)

    async def _collected(self) -> bytes:
        thought: list[str] = []
        async with aclosing(self._steps()) as steps:
            async for step in steps:
                thought.append(step.thought)
                if step.ended is not None:
                    return self._whole(step.ended, "".join(thought))
        raise Unavailable(BROKEN_OFF)

    async def _fail(self, failure: Failure, scope: Scope, receive: Receive, send: Send) -> None:
        self._told = True
        await problems.openai(failure)(scope, receive, send)

    async def _stop(self) -> None:
        """Nobody waits for the answer any more."""
        try:
            stop = chat.Stop(conversation=self._request.conversation)
            await self._gate.bus.call(chat.STOP, stop, caller=self._caller)
        except Failure as failure:
            problems.log.warning(failure.message, extra={"action": "completion.not_stopped"})

    def _whole(self, ended: Ended, thought: str) -> bytes:
        tools = called(ended.handed)
        content = None if tools and not ended.answer else ended.answer
        message = AnswerMessage(role="assistant", content=content, reasoning_content=thought, tool_calls=tools)
        choice = Choice(message=message, finish_reason=finish_reason(ended))
        whole = Completion(
            id=self.id,
            object=_WHOLE,
            created=self._created,
            model=self.model or ended.model,
            choices=(choice,),
            usage=usage(ended),
        )
        return msgspec.json.encode(whole)

    def _chunk(self, *choices: DeltaChoice, used: Usage | None = None) -> bytes:
        chunk = Chunk(id=self.id, object=_CHUNK, created=self._created, model=self.model, choices=choices, usage=used)
        return b"data: %b\n\n" % msgspec.json.encode(chunk)


class Streaming(Answering):
    """The same, piece by piece as server-sent events; the first piece goes out at once."""

    usage = False
    """Whether the stream ends with what it took."""
    _begun = False
    _silent = False
    """Whether nothing was written since the last look."""

    def _beside(self, send: Send) -> tuple[Coroutine[None, None, None], ...]:
        return (self._keep_alive(send),)

    async def _keep_alive(self, send: Send) -> None:
        while True:
            self._silent = True
            await asyncio.sleep(QUIET)
            if self._silent:
                await self._write(send, _ALIVE)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the interface's
        async with aclosing(self._steps()) as steps:
            async for step in steps:
                await self._write(send, self._pieces(step))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _pieces(self, step: Step) -> bytes:
        """What came together, in one write."""
        delta = Delta(role="" if self._begun else "assistant", content=step.text, reasoning_content=step.thought)
        grown = self._chunk(DeltaChoice(delta=delta)) if step.text or step.thought else b""
        return grown if step.ended is None else grown + self._end(step.ended)

    def _end(self, ended: Ended) -> bytes:
        calls = tuple(
            CalledPiece(index=number, id=call.id, function=call.function)
            for number, call in enumerate(called(ended.handed))
        )
        handed = self._chunk(DeltaChoice(delta=Delta(role="assistant", tool_calls=calls))) if calls else b""
        last = self._chunk(DeltaChoice(delta=Delta(), finish_reason=finish_reason(ended)))
        return handed + last + (self._chunk(used=usage(ended)) if self.usage else b"") + _DONE

    async def _write(self, send: Send, pieces: bytes) -> None:
        if not pieces:
            return
        self._silent = False
        if not self._begun:
            self._begun = True
            headers = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": pieces, "more_body": True})

    async def _fail(self, failure: Failure, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._begun:
            await super()._fail(failure, scope, receive, send)
            return
        self._told = True
        wrong = b"data: %b\n\n" % msgspec.json.encode(problems.wrong(failure))
        await send({"type": "http.response.body", "body": wrong, "more_body": False})
