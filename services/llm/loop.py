"""One turn, from the message to the answer: call the model, run what it asks for, show it the result, go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import msgspec

from proto import chat, errors
from proto.chat import Exchange, ToolUse
from services.llm.given import handed, offered
from services.llm.model import BadCall, Finished, Message, Model, Part, Prompt, TextPart, ThoughtPart, ToolCall
from services.llm.recording import Turn
from services.llm.settings import LlmSettings
from services.llm.tools import Tools
from services.llm.turn import shortened
from services.llm.writer import Writer

BAD_CALLS = 3
"""After so many calls that were not calls, the turn ends."""
RESULT_KEPT = 200_000
"""Characters of a result that the log keeps."""
CALLS_AT_ONCE = 10
"""Calls in one reply that are run; a model that asks for more is told."""

See = Callable[[Exchange], tuple[Message, ...]]
"""From the turn so far: what the model is sent."""


class Loop:
    """The loop of model and tools."""

    def __init__(self, turn: Turn, model: Model, tools: Tools, writer: Writer) -> None:
        self._turn = turn
        self._model = model
        self._tools = tools
        self._writer = writer
        self._bad = 0

    async def run(self, see: See, settings: LlmSettings) -> None:
        """Go on until the model answers without calling anything; raises Failure when it cannot."""
        self._turn.model = (self._turn.given.model if self._turn.given else "") or self._model.name
        self._turn.limits = chat.Spent(
            step_limit=settings.steps, time_limit=settings.turn_timeout, context=settings.num_ctx
        )
        await self._writer.started(self._turn.model)
        if self._turn.exchange.answer:
            self._writer.text(self._turn.exchange.answer)
        await self._finish_interrupted()
        corrections: tuple[Message, ...] = ()
        while self._turn.steps < settings.steps:
            self._turn.steps += 1
            seen = (*see(self._turn.exchange), *corrections)
            calls, bad = await self._reply(self._prompt(seen, settings.num_ctx))
            await self._writer.flush()
            if not calls and not bad:
                return
            await self._writer.measured()
            corrections = tuple(message for wrong in bad for message in corrected(wrong))
            self._bad += len(bad)
            self._give_up(bad[-1].reason if bad else "")
            await self._act(self._ours(calls))
            if self._turn.handed:
                return
        raise errors.Refused(f"This took more than {settings.steps} steps, so it was stopped. Ask for a part of it.")

    def _prompt(self, seen: tuple[Message, ...], num_ctx: int) -> Prompt:
        """What the model is given: with the actions as they run now, and what the client brought of its own."""
        actions, given = self._tools.catalogue.tools(), self._turn.given
        if given is None:
            return Prompt(messages=seen, tools=actions, num_ctx=num_ctx)
        tools = offered(given, actions)
        return Prompt(messages=seen, tools=tools, num_ctx=num_ctx, model=given.model, options=given.options)

    def _ours(self, calls: list[ToolCall]) -> list[ToolCall]:
        """The calls that are for us to run; those of the client's own tools end the turn and are handed back."""
        if self._turn.given is not None:
            self._turn.handed = handed(self._turn.given, calls)
        theirs = {call.id for call in self._turn.handed}
        return [call for call in calls if call.id not in theirs]

    async def _reply(self, prompt: Prompt) -> tuple[list[ToolCall], list[BadCall]]:
        calls: list[ToolCall] = []
        bad: list[BadCall] = []
        reply: AsyncGenerator[Part, None] = self._model.reply(prompt)
        async with aclosing(reply):
            async for part in reply:
                match part:
                    case TextPart(text=text):
                        self._writer.text(text)
                    case ThoughtPart(text=text):
                        await self._writer.think(text)
                    case ToolCall():
                        calls.append(part)
                    case BadCall():
                        bad.append(part)
                    case Finished():
                        self._turn.finished(part)
        return calls, bad

    def _give_up(self, reason: str) -> None:
        """End the turn when the model has shown that it cannot use the tools."""
        if self._bad >= BAD_CALLS:
            raise errors.Invalid(
                f"The model tried {self._bad} times to use a tool and did not manage a proper call ({reason}) "
                "Ask in other words, or choose a model that is better with tools."
            )

    async def _act(self, calls: list[ToolCall]) -> None:
        """Run the calls of one reply, one after another."""
        for number, call in enumerate(calls):
            tool = ToolUse(
                call=f"{self._turn.id}/{self._turn.steps}/{number}",
                action=call.action,
                arguments=msgspec.json.encode(call.arguments).decode(),
                at=len(self._writer.written),
            )
            called = await self._announce(tool)
            if number >= CALLS_AT_ONCE:
                refusal = f"Only {CALLS_AT_ONCE} calls are run at once; call it again after you saw the others."
                await self._came_back(msgspec.structs.replace(tool, ok=False, result=refusal), called)
                continue
            caller = msgspec.structs.replace(self._turn.caller, actor="model", cause=called, key=tool.call)
            await self._came_back(await self._tools.run(call, tool, caller), called)

    async def _announce(self, tool: ToolUse) -> str:
        """Record a call before it runs, so that it is never run twice."""
        happened = chat.Called(
            turn=self._turn.id,
            call=tool.call,
            action=tool.action,
            arguments=tool.arguments,
            text=self._writer.written,
        )
        called, _ = await asyncio.gather(self._turn.record(happened), self._writer.calling(tool))
        exchange = self._turn.exchange
        self._turn.exchange = msgspec.structs.replace(
            exchange, tools=(*exchange.tools, tool), answer=self._writer.written
        )
        return called

    async def _came_back(self, tool: ToolUse, called: str) -> None:
        """Record what a call led to; of a result that is larger than a message, beginning and end."""
        tool = msgspec.structs.replace(tool, result=shortened(tool.result, RESULT_KEPT))
        happened = chat.CallEnded(
            turn=self._turn.id,
            call=tool.call,
            action=tool.action,
            ok=bool(tool.ok),
            result=tool.result,
            seconds=tool.seconds,
        )
        await asyncio.gather(self._turn.record(happened, cause=called), self._writer.returned(tool))
        exchange = self._turn.exchange
        tools = tuple(tool if old.call == tool.call else old for old in exchange.tools)
        self._turn.exchange = msgspec.structs.replace(exchange, tools=tools)
        if tool.ok is False and not self._tools.was_proper(tool):
            self._bad += 1
            self._give_up(tool.result)

    async def _finish_interrupted(self) -> None:
        """A call whose worker died is answered with an error: whether it took effect is not known."""
        for tool in self._turn.exchange.tools:
            if tool.ok is None:
                lost = "The worker stopped while this ran, so it is not known whether it took effect. Check first."
                await self._came_back(msgspec.structs.replace(tool, ok=False, result=lost), self._turn.id)


def corrected(wrong: BadCall) -> tuple[Message, Message]:
    """What the model is told about a call that was not one."""
    return (
        Message(role="assistant", content=wrong.text),
        Message(role="user", content=f"That was not a proper tool call: {wrong.reason} Try again."),
    )
