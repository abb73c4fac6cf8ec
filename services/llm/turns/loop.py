"""One turn, from the message to the answer: call the model, run what it asks for, show it the result, go on."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from proto import chat, errors
from proto.chat import ToolUse
from services.llm.calm import Calm
from services.llm.menu.tools import Tools
from services.llm.models.model import BadCall, Finished, Message, Model, Part, Prompt, TextPart, ThoughtPart, ToolCall
from services.llm.reflex.reflex import Reflex
from services.llm.settings import LlmSettings
from services.llm.turns.asides import Aside
from services.llm.turns.briefing import Briefing
from services.llm.turns.calls import Calls, sound
from services.llm.turns.given import handed
from services.llm.turns.recording import Turn
from services.llm.turns.resuming import unfinished
from services.llm.turns.sieve import Sieve, taken
from services.llm.turns.strainer import Strainer
from services.llm.turns.turn import open_end
from services.llm.turns.writer import Writer

BAD_CALLS = 3
"""After so many calls that were not calls, the turn ends."""
REMARK = (
    "You are an assistant at work. Say in one short sentence, in the user's language, what is still running and what "
    "you will do when it is done. Promise nothing else, and call no tool."
)
WAITING = "The user asked: {asked}\nYou called {action} with {with_}, and it is still running."
REMARK_TOKENS, SHOWN = 60, 1000


class Loop:
    """The loop of model and tools."""

    def __init__(self, turn: Turn, model: Model, tools: Tools, writer: Writer, calm: Calm) -> None:
        self._turn = turn
        self._model = model
        self._tools = tools
        self._writer = writer
        self._calm = calm
        self._finished: Finished | None = None
        self._calls = Calls(turn, tools, writer, self._remark)
        self._bad: list[str] = []
        """What was wrong with the calls so far that were none."""

    async def run(self, briefing: Briefing, settings: LlmSettings, left: str = "") -> None:
        """Go on until the model answers without calling anything; raises Failure when it cannot.

        `left` is what an earlier worker has written of the answer.
        """
        self._turn.model = self._turn.wanted or self._model.name
        self._turn.limits = chat.Spent(
            step_limit=settings.steps,
            time_limit=settings.turn_timeout,
            context=0 if isinstance(self._model, Reflex) else settings.num_ctx,
        )
        begun = await self._begin(left, settings)
        await self._calls.finish_interrupted()
        try:
            async with self._turn.watch.limited(settings.turn_timeout):
                await self._step_by_step(briefing, settings, begun)
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from group

    async def _remark(self, tool: ToolUse) -> str:
        """What the model says about an action that still runs, in a sentence."""
        told = WAITING.format(asked=self._turn.exchange.asked[:SHOWN], action=tool.action, with_=tool.arguments[:SHOWN])
        aside = Aside(self._model, self._turn.wanted)
        return await aside.ask(REMARK, told, self._turn.limits.context, REMARK_TOKENS)

    async def _step_by_step(self, briefing: Briefing, settings: LlmSettings, begun: str) -> None:
        corrections: tuple[Message, ...] = ()
        while self._turn.steps < settings.steps:
            self._turn.steps += 1
            with self._calm.disturbed():
                prompt = await briefing.prompt(self._model, corrections, settings.num_ctx, begun)
                calls, bad = await self._step(briefing, prompt)
            begun = ""
            await self._writer.flush()
            if not calls and not bad:
                return
            await self._writer.measured()
            corrections = tuple(message for wrong in bad for message in corrected(wrong))
            self._bad += [wrong.reason for wrong in bad if wrong.text]
            self._give_up()
            await self._calls.run(self._ours(calls))
            self._give_up()
            if self._turn.handed:
                return
        raise errors.Refused(f"This took more than {settings.steps} steps, so it was stopped. Ask for a part of it.")

    def _ours(self, calls: list[ToolCall]) -> list[ToolCall]:
        """The calls that are for us to run; those of the client's own tools end the turn and are handed back."""
        if self._turn.given is not None:
            self._turn.handed = handed(self._turn.given, calls)
        theirs = {call.id for call in self._turn.handed}
        return [call for call in calls if call.id not in theirs]

    async def _begin(self, left: str, settings: LlmSettings) -> str:
        """Say that the turn is in our hands; returns the text that the model is to go on with, if it can do that."""
        exchange = self._turn.exchange
        more = unfinished(exchange, left)
        begun = open_end(exchange) + more
        goes_on = bool(begun) and await self._model.continues(self._turn.wanted, settings.num_ctx)
        self._writer.written = exchange.answer[: len(left)] + (more if goes_on else "")
        await self._writer.started(self._turn.model, anew=bool(more) and not goes_on)
        if rest := exchange.answer[len(left) :]:
            # An answer that goes on from another turn's begins with it.
            await self._writer.text(rest)
        return begun if goes_on else ""

    async def _step(self, briefing: Briefing, prompt: Prompt) -> tuple[list[ToolCall], list[BadCall]]:
        """Call the model once; what it was sent is kept however that ends."""
        self._finished = None
        try:
            return await self._reply(prompt)
        finally:
            await briefing.came(prompt, self._finished)

    async def _reply(self, prompt: Prompt) -> tuple[list[ToolCall], list[BadCall]]:
        """Call the model once and write what it says; returns what it wants done."""
        calls: list[ToolCall] = []
        bad: list[BadCall] = []
        sieve = Sieve(prompt.tools, prompt.messages)
        shown, pondered = Strainer(self._turn.patterns), Strainer(self._turn.patterns)
        reply: AsyncGenerator[Part, None] = self._model.reply(prompt)
        async with aclosing(reply):
            async for part in reply:
                match part:
                    case TextPart(text=text):
                        await self._write(shown.feed(sieve.feed(text)))
                    case ThoughtPart(text=text):
                        await self._ponder(pondered.feed(text))
                    case ToolCall():
                        calls.append(part)
                    case BadCall():
                        bad.append(part)
                    case Finished():
                        self._finished = part
                        self._turn.finished(part)
        rest, cut = sieve.end()
        await self._write(shown.feed(rest) + shown.end())
        await self._ponder(pondered.end())
        await self._tell(shown, pondered)
        good, wrong = sound(taken(sieve, calls))
        return good, [*bad, *wrong, *([cut] if cut and not calls else [])]

    async def _ponder(self, text: str) -> None:
        if text:
            await self._writer.think(text)

    async def _tell(self, shown: Strainer, pondered: Strainer) -> None:
        """Let it be known that something was held back."""
        for name in shown.caught:
            await self._turn.held_back(name, "answer")
        for name in pondered.caught:
            await self._turn.held_back(name, "thought")

    async def _write(self, text: str) -> None:
        if text:
            await self._writer.text(text)

    def _give_up(self) -> None:
        """End the turn when the model has shown that it cannot use the tools."""
        wrong = [*self._bad, *(tool.result for tool in self._calls.improper)]
        if len(wrong) >= BAD_CALLS:
            raise errors.Invalid(
                f"The model tried {len(wrong)} times to use a tool and did not manage a proper call ({wrong[-1]}) "
                "Ask in other words, or choose a model that is better with tools."
            )


def corrected(wrong: BadCall) -> tuple[Message, ...]:
    """What the model is told about a call that was not one, or about calls that were not run."""
    if not wrong.text:
        return (Message(role="user", content=wrong.reason),)
    return (
        Message(role="assistant", content=wrong.text),
        Message(role="user", content=f"That was not a proper tool call: {wrong.reason} Try again."),
    )
