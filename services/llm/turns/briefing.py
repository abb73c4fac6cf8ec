"""What one turn's model is sent, step by step: chosen to fit, summarised where it must be, and kept word for word."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from proto import memory
from proto.errors import Failure
from proto.memory import Hit
from proto.seen import SENT, Sent, SentCall, SentMessage, SentTool, Summarised
from services.llm.conversations.tuning import said
from services.llm.menu.choosing import whole
from services.llm.menu.offering import Offering
from services.llm.models.gauge import Gauge, size
from services.llm.models.model import Finished, Message, Model, Prompt, Tool
from services.llm.reflex.reflex import Reflex
from services.llm.turns.fitting import Fitted, fit
from services.llm.turns.given import offered
from services.llm.turns.recording import Turn
from services.llm.turns.summarising import Summariser
from services.llm.turns.turn import Known, messages
from services.runtime.bus import Bus

ANSWER = 1024
"""Tokens that are left free for the answer, or a quarter of a small context."""
REMEMBERED = 5
"""Events of memory that the model is reminded of."""
PATIENCE = 0.3
"""Seconds that memory may take; a turn goes on without it."""
SOUGHT = 2000
"""Characters of a question that are searched for."""
WORDS, LENGTH = 4, 24
"""Words and bytes of a question below which it says too little to search for."""
CUT = "The model server counted {0:,} tokens where about {1:,} were sent: it left out a part. Choose a smaller context."


class Aids(NamedTuple):
    """What helps to fit a prompt."""

    offering: Offering
    gauge: Gauge
    summariser: Summariser


class Briefing:
    """The prompts of one turn."""

    def __init__(self, bus: Bus, turn: Turn, known: Known, aids: Aids) -> None:
        self._bus = bus
        self._turn = turn
        self._known = known
        self._offering = aids.offering
        self._summariser = aids.summariser
        self._actions: tuple[Tool, ...] = ()
        self._gauge = aids.gauge
        self._append = bus.feed(SENT).at(turn.caller.user, turn.caller.conversation, turn.id)
        self._prepared = False
        self._sent: tuple[tuple[SentMessage, ...], tuple[Tool, ...]] = ((), ())

    async def prompt(self, model: Model, corrections: tuple[Message, ...], num_ctx: int, begun: str = "") -> Prompt:
        """Build what the model is sent now; folds the oldest part of the conversation where there is no room for it.

        `begun` is the beginning of the answer, for a model that goes on with it.
        """
        await self._prepare(num_ctx)
        self._known = replace(self._known, begun=bool(begun))
        tools = self._offered()
        fitted = self._fit(model, tools, corrections, num_ctx)
        while fitted.fold:
            await self._fold(fitted.fold, num_ctx)
            fitted = self._fit(model, tools, corrections, num_ctx)
        self._turn.warning = fitted.warning or self._turn.warning
        given = self._turn.given
        prompt = Prompt(
            messages=(*fitted.messages, *corrections),
            tools=tools,
            num_ctx=num_ctx,
            model=self._turn.wanted,
            begun=begun,
            menu=self._offering.menu,
            options=said(self._turn.options),
        )
        return replace(prompt, model=given.model, options={**prompt.options, **given.options}) if given else prompt

    async def came(self, prompt: Prompt, finished: Finished | None) -> None:
        """Keep what was sent, and learn from what the server counted."""
        # The last words of the answer go first: to spell what was sent takes longer than they do.
        await asyncio.sleep(0)
        counted = finished.prompt_tokens if finished else 0
        bytes_sent, name = size(prompt.messages, prompt.tools), self._turn.model
        if self._gauge.was_cut(name, bytes_sent, counted, prompt.num_ctx):
            self._turn.warning = CUT.format(counted, self._gauge.tokens(name, bytes_sent))
        else:
            self._gauge.learn(name, bytes_sent, counted)
        # A reply may be faster than the log; one that broke off may be of a message that the log never takes.
        if finished or self._turn.is_accepted:
            await self._turn.accepted()
            await self._keep(prompt, counted)

    async def _prepare(self, num_ctx: int) -> None:
        """Ask, once a turn, for what its question needs, all at the same time."""
        if self._prepared:
            return
        self._prepared = True
        if self._worth_reminding:
            await asyncio.gather(self._remind(), self._choose(num_ctx))
        else:
            await self._choose(num_ctx)

    async def _choose(self, num_ctx: int) -> None:
        """Choose the actions that fit the question, unless the client wants none."""
        given = self._turn.given
        if given is None or given.actions:
            asked, earlier = self._turn.exchange, self._known.earlier
            self._actions = await self._offering.offer(self._turn.caller, asked, earlier, num_ctx)

    def _offered(self) -> tuple[Tool, ...]:
        """The actions that fit the question, with those that the model has found since."""
        given = self._turn.given
        self._actions = self._offering.found(self._actions, self._turn.exchange)
        return self._actions if given is None else offered(given, self._actions)

    def _fit(self, model: Model, tools: tuple[Tool, ...], corrections: tuple[Message, ...], num_ctx: int) -> Fitted:
        known = replace(self._known, asked=self._turn.exchange)
        if isinstance(model, Reflex):
            return Fitted(messages=messages(known))
        room = num_ctx - min(ANSWER, num_ctx // 4)
        extra = size(corrections, tools)
        return fit(known, room, lambda told: self._gauge.tokens(model.name, size(told) + extra))

    async def _fold(self, count: int, num_ctx: int) -> None:
        """Let a summary stand for the oldest exchanges, for this turn and those to come."""
        known = self._known
        old, kept = known.earlier[:count], known.earlier[count:]
        made = await self._summariser.summarise(old, known.summary, num_ctx)
        entry = Summarised(
            turn=self._turn.id,
            upto=old[-1].turn,
            exchanges=known.folded + len(old),
            text=made.text,
            by=made.by,
            version=made.version,
        )
        await self._turn.record(entry)
        self._turn.builds_on(entry)
        self._turn.warning = f"{entry.sentence()}."
        self._known = replace(known, summary=made.text, folded=entry.exchanges, earlier=kept)

    @property
    def _worth_reminding(self) -> bool:
        """Whether memory may know something: only a question of some words says enough to search for."""
        asked, given = self._known.asked, self._turn.given
        kept_by_client = given is not None and bool(given.messages)
        return asked.mode == "chat" and not kept_by_client and _worth_searching(asked.asked)

    async def _remind(self) -> None:
        """Ask memory for what has to do with the question."""
        caller = replace(self._turn.caller, actor="model")
        wanted = memory.Search(query=whole(self._known.asked.asked, SOUGHT), limit=2 * REMEMBERED)
        try:
            async with asyncio.timeout(PATIENCE):
                hits = (await self._bus.call(memory.REMIND, wanted, caller=caller, timeout=PATIENCE)).hits
        except (Failure, TimeoutError):
            return
        elsewhere = [hit for hit in hits if hit.conversation != self._turn.caller.conversation]
        self._known = replace(self._known, memories=tuple(map(_line, elsewhere[:REMEMBERED])))

    async def _keep(self, prompt: Prompt, counted: int) -> None:
        """Write down what was sent, as the difference to the step before; who is too large to keep is not kept."""
        before, tools = self._sent
        now = tuple(map(_message, prompt.messages))
        same = _same(before, now)
        self._sent = now, prompt.tools
        sent = Sent(
            attempt=self._turn.attempt,
            step=self._turn.steps,
            model=self._turn.model,
            context=prompt.num_ctx,
            tokens=counted,
            same=same,
            messages=now[same:],
            tools=None if before and prompt.tools == tools else tuple(map(_tool, prompt.tools)),
        )
        try:
            await self._append(sent)
        except Failure:
            self._sent = (), ()


def _worth_searching(asked: str) -> bool:
    return len(asked.split()) >= WORDS or len(asked.encode()) >= LENGTH


def _same(before: Sequence[SentMessage], now: Sequence[SentMessage]) -> int:
    """How many messages at the beginning have stayed as they were."""
    pairs = zip(before, now, strict=False)
    return next((place for place, (old, new) in enumerate(pairs) if old != new), min(len(before), len(now)))


def _message(message: Message) -> SentMessage:
    calls = tuple(
        SentCall(action=call.action, arguments=msgspec.json.encode(call.arguments).decode()) for call in message.calls
    )
    return SentMessage(role=message.role, content=message.content, calls=calls, name=message.name)


def _tool(tool: Tool) -> SentTool:
    schema = msgspec.Raw(msgspec.json.encode(tool.schema))
    return SentTool(name=tool.name, description=tool.description, schema=schema)


def _line(hit: Hit) -> str:
    return f"{hit.time:%d %B %Y} {hit.actor}: {hit.sentence} [event {hit.event}]"
