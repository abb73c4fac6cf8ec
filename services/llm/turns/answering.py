"""Answering one turn: what is known, what the model writes, and how it ends."""

from __future__ import annotations

import asyncio
import logging
from contextlib import closing, suppress
from datetime import UTC, datetime

from msgspec.structs import replace

from proto import chat, errors, events
from proto.chat import Outcome
from proto.models import ModelJob
from services.llm.choices.choices import Choices
from services.llm.choices.jobs import model_for
from services.llm.conversations.thread import Thread
from services.llm.conversations.threads import Threads
from services.llm.engines import Engines
from services.llm.menu.tools import Tools
from services.llm.models.gauge import Gauge
from services.llm.reflex.reflex import Reflex
from services.llm.settings import LlmSettings
from services.llm.turns.briefing import Aids, Briefing
from services.llm.turns.context import Lookout, Surroundings
from services.llm.turns.holding import Held
from services.llm.turns.loop import Loop
from services.llm.turns.recording import Lost, Turn
from services.llm.turns.resuming import Left, left, unfinished
from services.llm.turns.summarising import Summariser
from services.llm.turns.turn import Known
from services.llm.turns.writer import Writer
from services.runtime.bus import Bus, Interrupted

ATTEMPTS = 3
"""Workers that may break off in a turn before it is given up, so that a turn that kills its worker ends."""
DELIVERIES = 20
"""How often a turn is begun at most, whatever its log says."""
BROKE_OFF = "The answer broke off {0} times, so it was given up. Ask again; `daimon logs llm` says what happened."

_log = logging.getLogger("daimon.llm")


class Answering:
    """What every turn of this process needs."""

    def __init__(self, bus: Bus, threads: Threads, tools: Tools, engines: Engines, settings: LlmSettings) -> None:
        self._bus = bus
        self._threads = threads
        self._tools = tools
        self._engines = engines
        self._settings = settings
        self._lookout = Lookout(bus)
        self._parts = bus.feed(chat.PARTS)
        self._gauge = Gauge()

    async def listen(self) -> None:
        """Follow what happens around the conversations, until cancelled."""
        await self._lookout.run()

    async def answer(self, held: Held) -> None:
        """Write a turn and record its end; raises Lost when it has become somebody else's."""
        thread = await self._thread(held)
        around = await self._lookout.surroundings(held.caller, held.place)
        choices = await self._engines.chosen.of(held.caller.user)
        if held.turn not in thread:
            return
        turn = Turn(self._bus.journal, self._threads, thread[held.turn], held.caller, held.attempt)
        held.place.add_done_callback(lambda place: None if place.cancelled() else turn.accept())
        turn.given, turn.options = thread.given(turn.id), thread.options
        turn.patterns = choices.patterns
        turn.wanted = self._wanted(turn, choices)
        known = _instructed(_known(thread, turn, around), turn, choices)
        turn.builds_on(thread.summary(turn.id))
        with closing(Writer(self._parts.at(held.caller.user, held.caller.conversation, turn.id), turn)) as writer:
            await self._answer(held, turn, writer, Briefing(self._bus, turn, known, self._aids(turn, choices)))

    def _wanted(self, turn: Turn, choices: Choices) -> str:
        """The model that is to answer: the client's, the conversation's, or the one that does what was asked for."""
        if turn.given:
            return turn.given.model
        job: ModelJob = "command" if turn.exchange.mode == "command" else "answer"
        return turn.options.model or model_for(job, choices.models, self._engines.configured)

    def _aids(self, turn: Turn, choices: Choices) -> Aids:
        """What helps to fit the prompts of a turn."""
        aside = self._engines.aside("summary", turn.caller, choices, turn.wanted)
        rules = choices.instruction("summary")
        return Aids(self._tools.offering, self._gauge, Summariser(aside, rules.text, rules.number))

    async def _answer(self, held: Held, turn: Turn, writer: Writer, briefing: Briefing) -> None:
        exchange = turn.exchange
        if exchange.outcome is not None:
            await writer.ended(exchange.outcome, exchange.error, exchange.answer)
            return
        before = await self._left(held)
        writer.written = exchange.answer + unfinished(exchange, before.text)
        outcome, error = await self._outcome(held, turn, writer, briefing, before)
        await writer.flush()
        answer = writer.written
        if outcome != "replaced":
            await self._end(turn, outcome, answer, error)
        await writer.ended(outcome, error, answer)

    async def _thread(self, held: Held) -> Thread:
        """Read the conversation; what we know already is enough unless another worker had the turn before us."""
        user, conversation = held.caller.user, held.caller.conversation
        if held.foreseen is not None:
            return held.foreseen
        thread = await self._threads.containing(user, conversation, held.turn)
        if held.attempt > 1 or thread.open not in ("", held.turn):
            return await self._when_open(held)
        return thread

    async def _when_open(self, held: Held) -> Thread:
        """Wait until a message that came while another was answered has its turn."""
        user, conversation = held.caller.user, held.caller.conversation
        while True:
            async with self._bus.follow(events.in_conversation(user, conversation, "chat")) as live:
                with suppress(Interrupted):
                    while (thread := await self._threads.read(user, conversation)).open not in ("", held.turn):
                        await live.next()
                    return thread

    async def _end(self, turn: Turn, outcome: Outcome, answer: str, error: str) -> None:
        """Record the end; a wish to stop that came in between is no reason to lose it."""
        try:
            await turn.end(outcome, answer, error)
        except Lost:
            if not await self._still_halted(turn):
                raise
            await turn.end("stopped" if outcome == "done" else outcome, answer, error)

    async def _outcome(
        self, held: Held, turn: Turn, writer: Writer, briefing: Briefing, before: Left
    ) -> tuple[Outcome, str]:
        """Write the turn; returns how it ended, and the error if it failed."""
        if held.stopped or turn.thread.halted(turn.id):
            return "stopped", ""
        if before.crashes >= ATTEMPTS or held.attempt > DELIVERIES:
            return "failed", BROKE_OFF.format(before.crashes)
        held.writing = asyncio.create_task(self._write(turn, writer, briefing, before.text))
        try:
            await asyncio.wait([held.writing])
        except asyncio.CancelledError:
            await self._pause(held, writer)
            raise
        try:
            outcome, error = _result(held.writing)
        except Lost:
            if not turn.replaced and not await self._still_halted(turn):
                raise
            outcome, error = "stopped", ""
        return ("replaced", "") if turn.replaced else (outcome, error)

    async def _left(self, held: Held) -> Left:
        """What workers before us have written."""
        if held.attempt == 1:
            return Left()
        return left(await self._parts.read(held.caller.user, held.caller.conversation, held.turn))

    async def _pause(self, held: Held, writer: Writer) -> None:
        """Stop writing, so that another worker can go on."""
        if held.writing is not None:
            held.writing.cancel()
            await asyncio.wait([held.writing])
        if held.recorded:
            await writer.paused()

    async def _still_halted(self, turn: Turn) -> bool:
        """Tell whether it was a wish to stop that came in between; then the turn is still ours to end."""
        thread = await self._threads.read(turn.caller.user, turn.caller.conversation)
        if not thread.halted(turn.id) or thread[turn.id].outcome is not None:
            return False
        turn.goes_on()
        return True

    async def _write(self, turn: Turn, writer: Writer, briefing: Briefing, written: str) -> Outcome:
        model = self._engines.model(turn.exchange.mode, replace(turn.caller, cause=turn.id), turn.wanted)
        if isinstance(model, Reflex) and turn.given is None:
            turn.wanted = ""
        await Loop(turn, model, self._tools, writer, self._engines.calm).run(briefing, self._tuned(turn), written)
        return "done"

    def _tuned(self, turn: Turn) -> LlmSettings:
        """The settings as this conversation has them."""
        wished = turn.options.num_ctx or self._settings.num_ctx
        return replace(self._settings, num_ctx=self._engines.context(turn.wanted, wished))


def _known(thread: Thread, turn: Turn, around: Surroundings) -> Known:
    """What is known of a turn before its model is called."""
    earlier, summary = thread.before(turn.id), thread.summary(turn.id)
    folded = 1 + [each.turn for each in earlier].index(summary.upto) if summary else 0
    return Known(
        now=datetime.now(UTC),
        asked=turn.exchange,
        earlier=earlier[folded:],
        around=around,
        summary=summary.text if summary else "",
        folded=folded,
        given=turn.given,
    )


def _instructed(known: Known, turn: Turn, choices: Choices) -> Known:
    """Put the instructions in use to what is known; the turn remembers which versions they were."""
    system = choices.instruction("system")
    turn.instructions = {"system": system.number}
    rules = system.text
    if known.asked.mode == "command":
        command = choices.instruction("command")
        turn.instructions["command"] = command.number
        rules = f"{rules}\n\n{command.text}"
    return replace(known, rules=rules, profile=choices.profile)


def _result(writing: asyncio.Task[Outcome]) -> tuple[Outcome, str]:
    if writing.cancelled():
        return "stopped", ""
    error = writing.exception()
    if isinstance(error, Lost):
        raise error
    if isinstance(error, errors.Failure):
        return "failed", error.message
    if error is not None:
        _log.error("turn failed", exc_info=error, extra={"action": "turn.failed"})
        return "failed", errors.Failure().message
    return writing.result(), ""
