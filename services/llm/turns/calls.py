"""The calls of one reply: reads run side by side, changes one after another, each recorded before it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress

import msgspec
from msgspec.structs import replace

from proto import chat, errors
from proto.chat import ToolUse
from services.llm.menu.tools import ARGUMENTS_LIMIT, Tools
from services.llm.models.model import BadCall, ToolCall
from services.llm.turns.recording import Lost, Turn
from services.llm.turns.strainer import caught, strained
from services.llm.turns.turn import shortened
from services.llm.turns.writer import Writer

RESULT_KEPT = 200_000
"""Characters of a result that the log keeps."""
AT_ONCE = 10
"""Calls in one reply that are run; a model that asks for more is told."""
SAME = 3
"""After so many equal calls with equal results, the next one is not run, and the model is told."""
FOR_EVER = 5
"""After so many, the turn ends."""
REMARK_AFTER = 8.0
"""Seconds after which the model says a word about an action that still runs."""
SHOWN = 200
LOST = "The worker stopped while this ran, so it is not known whether it took effect. Check first."
HELD = "The content filter does not let this run: it holds back what is called '{0}'. Do not try it in another way."
ENOUGH = "You made this very call {0} times and got the same result each time. Use what you have, or do something else."

Remark = Callable[[ToolUse], Awaitable[str]]


class Calls:
    """Runs what the model asks for in a turn."""

    def __init__(self, turn: Turn, tools: Tools, writer: Writer, remark: Remark) -> None:
        self._turn = turn
        self._tools = tools
        self._writer = writer
        self._remark = remark
        self.improper: list[ToolUse] = []
        """Calls so far that were of no action, or with arguments it does not take."""

    async def run(self, calls: Sequence[ToolCall]) -> None:
        """Run the calls of one reply; neighbouring reads together, everything else in its order."""
        together: list[ToolUse] = []
        for number, call in enumerate(calls):
            if together and not self._beside(together[-1].action, call.action):
                await self._run(together)
                together = []
            together.append(self._tool(number, call))
        if together:
            await self._run(together)

    def _beside(self, *actions: str) -> bool:
        return all(map(self._tools.only_reads, actions))

    async def finish_interrupted(self) -> None:
        """Go on with calls that waited for a person when their worker died.

        The others are answered with an error, because whether they took effect is not known.
        """
        for tool in self._turn.exchange.tools:
            if tool.ok is not None:
                continue
            asked = await self._tools.gate.waiting(self._turn.caller.user, tool.call)
            if asked is None:
                await self._came_back(replace(tool, ok=False, result=LOST), self._turn.id)
            else:
                await self._permitted(tool, asked.event.cause)

    async def _run(self, few: Sequence[ToolUse]) -> None:
        entries = [(tool, await self._announce(tool)) for tool in few]
        async with asyncio.TaskGroup() as group:
            for tool, event in entries:
                group.create_task(self._do(replace(tool, event=event), event))

    async def _do(self, tool: ToolUse, event: str) -> None:
        same = self._same(tool)
        if same >= SAME:
            await self._came_back(replace(tool, ok=False, result=ENOUGH.format(same)), event)
        elif name := caught(tool.arguments, self._turn.patterns):
            await self._turn.held_back(name, "action")
            await self._came_back(replace(tool, ok=False, result=HELD.format(name)), event)
        else:
            await self._permitted(tool, event)

    async def _permitted(self, tool: ToolUse, event: str) -> None:
        """Run a call, once a person has allowed it where that is needed."""
        caller = replace(self._turn.caller, actor="model", cause=event, key=tool.call)
        running = asyncio.create_task(self._tools.run(tool, caller, self._read(tool), self._writer))
        remarking = asyncio.create_task(self._say(tool))
        try:
            tool = await asyncio.shield(running)
        except asyncio.CancelledError:
            if self._turn.replaced and not self._tools.gate.holds(tool.call):
                self._tools.late.leave(running, caller, self._turn.id)
            else:
                running.cancel()
            raise
        finally:
            # Its result says more, and a newer message asks for something else.
            remarking.cancel()
        try:
            await self._came_back(tool, event)
        except Lost:
            if self._turn.replaced:
                await self._tools.late.record(tool, caller, self._turn.id)
            raise

    async def _say(self, tool: ToolUse) -> None:
        """Let the model say a word while an action takes its time; not while a person is asked."""
        await asyncio.sleep(REMARK_AFTER)
        if not self._tools.gate.holds(tool.call):
            with suppress(errors.Failure):
                await self._writer.calling(
                    replace(tool, remark=strained(await self._remark(tool), self._turn.patterns))
                )

    def _read(self, tool: ToolUse) -> list[ToolUse]:
        """What the model had been shown when it asked for this: nothing of what it asked for in the same reply."""
        reply = tool.call.rpartition("/")[0]
        return [each for each in self._turn.read if each.call.rpartition("/")[0] != reply]

    def _tool(self, number: int, call: ToolCall) -> ToolUse:
        return ToolUse(
            call=f"{self._turn.id}/{self._turn.steps}/{number}",
            action=call.action,
            arguments=msgspec.json.encode(call.arguments).decode(),
            at=len(self._writer.written),
        )

    def _same(self, tool: ToolUse) -> int:
        """How often this very call was made before with one and the same result; ends the turn when that has no end."""
        before = [
            old
            for old in self._turn.exchange.tools
            if (old.action, old.arguments) == (tool.action, tool.arguments) and old.ok is not None
        ]
        if len(before) >= FOR_EVER:
            raise errors.Refused(
                f"The model called {tool.action} with the same arguments again and again ({len(before)} times), so it "
                "was stopped. Ask in other words, or choose a model that is better with tools."
            )
        return len(before) if before and len({old.result for old in before[:SAME]}) == 1 else 0

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
        self._turn.exchange = replace(exchange, tools=(*exchange.tools, tool), answer=self._writer.written)
        return called

    async def _came_back(self, tool: ToolUse, called: str) -> None:
        """Record what a call led to; of a result that is larger than a message, beginning and end."""
        tool = replace(tool, result=shortened(tool.result, RESULT_KEPT))
        happened = chat.CallEnded(
            turn=self._turn.id,
            call=tool.call,
            action=tool.action,
            ok=bool(tool.ok),
            result=tool.result,
            seconds=tool.seconds,
            arguments=self._edited(tool),
        )
        await asyncio.gather(self._turn.record(happened, cause=called), self._writer.returned(tool))
        exchange = self._turn.exchange
        tools = tuple(tool if old.call == tool.call else old for old in exchange.tools)
        self._turn.exchange = replace(exchange, tools=tools)
        if tool.ok is False and not self._tools.was_proper(tool):
            self.improper.append(tool)

    def _edited(self, tool: ToolUse) -> str:
        """The arguments of a call where a person changed them."""
        called = next((each for each in self._turn.exchange.tools if each.call == tool.call), tool)
        return "" if called.arguments == tool.arguments else tool.arguments


def sound(calls: Sequence[ToolCall]) -> tuple[list[ToolCall], list[BadCall]]:
    """Part the calls that can be run from those that are too large or too many."""
    small = [call for call in calls if _size(call) <= ARGUMENTS_LIMIT]
    return small[:AT_ONCE], [*_too_large(calls), *_too_many(small)]


def _too_large(calls: Iterable[ToolCall]) -> Iterable[BadCall]:
    for call in calls:
        if (size := _size(call)) > ARGUMENTS_LIMIT:
            yield BadCall(
                text=f"{call.action} {msgspec.json.encode(call.arguments)[:SHOWN].decode(errors='replace')}…",
                reason=f"Its arguments have {size:,} bytes, {ARGUMENTS_LIMIT:,} is the limit; send less, or in parts.",
            )


def _too_many(calls: Sequence[ToolCall]) -> Iterable[BadCall]:
    if len(calls) > AT_ONCE:
        reason = f"Only the first {AT_ONCE} of your {len(calls)} calls are run. Make the others again if you need them."
        yield BadCall(text="", reason=reason)


def _size(call: ToolCall) -> int:
    return len(msgspec.json.encode(call.arguments))
