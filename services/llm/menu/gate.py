"""The gate before an action: what the model may do by itself, what a person is asked first, and the wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Protocol

from msgspec.structs import replace

from proto import errors, events
from proto.approvals import ApprovalAnswered, ApprovalAsked, ApprovalUsed
from proto.base import Caller
from proto.chat import Conversation, ToolUse
from proto.kinds import happening
from proto.llm import MenuItem
from services.llm.menu.catalogue import Catalogue
from services.llm.menu.ledger import Asked, Ledger
from services.llm.menu.ledgers import Ledgers
from services.llm.turns.room import Room
from services.runtime.bus import Bus, Interrupted

PAUSE = 0.5
"""Seconds between looks at the log while it cannot be followed."""


class Told(Protocol):
    """Whoever reads along in a turn."""

    async def asking(self, tool: ToolUse) -> None:
        """A person must answer before the action runs."""
        ...

    async def calling(self, tool: ToolUse) -> None:
        """It runs."""
        ...

    def unhurried(self) -> AbstractContextManager[None]:
        """For as long as the context lasts a person is waited for, whose time does not count."""
        ...


class Gate:
    """What stands between a call and its action."""

    def __init__(self, bus: Bus, ledgers: Ledgers, catalogue: Catalogue, room: Room, patience: float) -> None:
        self._bus = bus
        self._ledgers = ledgers
        self._catalogue = catalogue
        self._room = room
        self._patience = timedelta(seconds=patience)
        self._held: set[str] = set()

    async def waiting(self, user: str, call: str) -> Asked | None:
        """Return the question about a call that has not begun to run: it may still be answered."""
        return (await self._ledgers.read(user)).about(call)

    def holds(self, call: str) -> bool:
        """Tell whether a call waits for a person at this moment."""
        return call in self._held

    async def with_questions(self, conversation: Conversation, user: str) -> Conversation:
        """Mark the calls of a conversation that wait for a person."""
        asked = {each.what.call: each for each in (await self._ledgers.read(user)).waiting}
        exchanges = tuple(
            replace(exchange, tools=tuple(_marked(tool, asked.get(tool.call)) for tool in exchange.tools))
            for exchange in conversation.exchanges
        )
        return replace(conversation, exchanges=exchanges)

    async def admit(self, item: MenuItem, tool: ToolUse, caller: Caller, read: Iterable[ToolUse]) -> Asked | None:
        """Let a call through, or return the question that a person must answer first; raises Refused."""
        ledger = await self._ledgers.read(caller.user)
        asked = ledger.about(tool.call)
        if asked is not None:
            return asked
        taint = ledger.taint(read, self._catalogue.items)
        rule = ledger.ruling(item, tainted=bool(taint))
        if rule == "deny":
            raise errors.Refused(f"The user does not allow {item.name}. Do not try it again; say so instead.")
        return None if rule == "allow" else await self._ask(item, tool, caller, taint)

    async def asks_first(self, item: MenuItem, user: str) -> str:
        """Why a person who tries an action must be sure; empty when nothing is asked, Refused when it may not run."""
        rule = (await self._ledgers.read(user)).ruling(item, tainted=False)
        if rule == "deny":
            raise errors.Refused(f"You chose that {item.name} is refused; change that rule on the page Actions.")
        return "" if rule == "allow" else _why(item, "")

    async def answered(self, asked: Asked, caller: Caller, tool: ToolUse, told: Told) -> ToolUse:
        """Wait for a person and return the call as it may run; raises Refused when it may not."""
        await told.asking(_marked(tool, asked))
        self._held.add(tool.call)
        try:
            # A single action, asked for without a turn, has no place to lend.
            with self._room.lent(asked.what.turn) if caller.conversation else nullcontext(), told.unhurried():
                answer = await self._wait(asked, caller)
        finally:
            self._held.discard(tool.call)
        if answer.verdict == "deny":
            raise errors.Refused(_refusal(answer))
        await self._ledgers.decide(caller, lambda ledger: _use(ledger, asked.event.id, tool))
        return replace(tool, arguments=answer.arguments)

    async def _ask(self, item: MenuItem, tool: ToolUse, caller: Caller, taint: str) -> Asked:
        what = ApprovalAsked(
            turn=tool.call.split("/", maxsplit=1)[0],
            call=tool.call,
            action=item.name,
            arguments=tool.arguments,
            why=_why(item, taint),
            until=datetime.now(UTC) + self._patience,
        )
        event = await self._ledgers.decide(replace(caller, key=""), lambda _: what)
        assert event is not None  # noqa: S101 - there was something to record
        return Asked(event, what)

    async def _wait(self, asked: Asked, caller: Caller) -> ApprovalAnswered:
        """Wait for the answer, whoever gives it and wherever; time decides when nobody does."""
        until, id_ = asked.what.until, asked.event.id
        while (left := (until - datetime.now(UTC)).total_seconds()) > 0:
            try:
                async with asyncio.timeout(left):
                    return await self._hear(id_, caller.user)
            except (TimeoutError, Interrupted):
                continue
            except errors.Unavailable:
                await asyncio.sleep(PAUSE)
        return await self._give_up(asked, caller)

    async def _hear(self, question: str, user: str) -> ApprovalAnswered:
        async with self._bus.follow(events.of_kind(ApprovalAnswered.kind, user)) as answers:
            known = (await self._ledgers.read(user)).answered.get(question)
            if known is not None:
                return known.what
            async for event in answers:
                what = happening(event)
                if isinstance(what, ApprovalAnswered) and what.question == question:
                    return what
        raise Interrupted

    async def _give_up(self, asked: Asked, caller: Caller) -> ApprovalAnswered:
        """Record that nobody answered; an answer that came at the last moment counts."""
        what = asked.what
        late = ApprovalAnswered(
            question=asked.event.id,
            turn=what.turn,
            call=what.call,
            action=what.action,
            verdict="deny",
            arguments=what.arguments,
            late=True,
        )
        nobody = replace(caller, actor="system", key="", cause=asked.event.id)
        await self._ledgers.decide(nobody, lambda ledger: None if asked.event.id in ledger.answered else late)
        return (await self._ledgers.read(caller.user)).answered[asked.event.id].what


def _marked(tool: ToolUse, asked: Asked | None) -> ToolUse:
    if asked is None or tool.ok is not None:
        return tool
    return replace(tool, question=asked.event.id, why=asked.what.why)


def _use(ledger: Ledger, question: str, tool: ToolUse) -> ApprovalUsed:
    if ledger.about(tool.call) is None:
        raise errors.Refused("Another worker has begun this call, so it is not begun again.")
    return ApprovalUsed(question=question, action=tool.action)


def _why(item: MenuItem, taint: str) -> str:
    if item.risk == "outside":
        return f"{item.name} reaches outside this machine."
    if taint:
        return f"The model has read what others wrote (through {taint}), which may have told it to do this."
    return f"You chose to be asked before {item.name}."


def _refusal(answer: ApprovalAnswered) -> str:
    if answer.late:
        return f"Nobody answered in time whether {answer.action} may run, so it did not. Say so; do not try again."
    return f"The user did not allow {answer.action}, so it did not run. Do not try it again; ask what to do instead."
