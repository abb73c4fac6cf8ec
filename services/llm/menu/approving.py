"""What the llm service answers about approvals: what waits, the rules, and a person's word on a call."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from proto import approvals, errors
from proto.approvals import ActionRule, ApprovalAnswered, Approvals, RuleSet, Settled
from proto.base import Caller, Nothing
from services.llm.conversations.threads import Threads
from services.llm.menu.catalogue import Catalogue
from services.llm.menu.ledger import Asked, Ledger
from services.llm.menu.ledgers import Ledgers
from services.runtime.bus import Routes


class Approving:
    """One method a subject. The broker lets nobody but a person's own clients ask."""

    def __init__(self, ledgers: Ledgers, threads: Threads, catalogue: Catalogue) -> None:
        self._ledgers = ledgers
        self._threads = threads
        self._catalogue = catalogue

    def routes(self) -> Routes:
        """The calls with what answers them."""
        return {approvals.LIST: self.list, approvals.SET: self.set, approvals.ANSWER: self.answer}

    async def list(self, _request: Nothing, caller: Caller) -> Approvals:
        """Return what waits for an answer, and the rule of every action."""
        ledger = await self._ledgers.read(caller.user)
        waiting = [asked.question for asked in ledger.waiting if await self._open(asked, caller)]
        names = sorted({*self._catalogue.items, *ledger.rules})
        return Approvals(waiting=tuple(waiting), rules=tuple(self._rule(ledger, name) for name in names))

    async def set(self, request: approvals.SetRule, caller: Caller) -> ActionRule:
        """Choose the rule of an action."""
        _only_a_person(caller)
        if request.action not in (await self._ledgers.read(caller.user)).rules:
            self._catalogue.find(request.action)
        await self._ledgers.decide(caller, lambda ledger: _chosen(ledger, request))
        return self._rule(await self._ledgers.read(caller.user), request.action)

    async def answer(self, request: approvals.Answer, caller: Caller) -> Settled:
        """Settle a question, once; whoever answers later is told how it was settled."""
        _only_a_person(caller)
        asked = (await self._ledgers.read(caller.user)).asked.get(request.id)
        if asked is None:
            raise errors.Missing(f"Nothing was asked under '{request.id}'; `daimon approvals` lists what waits.")
        answer = self._word(request, asked)
        _unanswered(await self._ledgers.read(caller.user), asked)
        if not await self._open(asked, caller):
            raise errors.Conflict("The answer that wanted this is over, so there is nothing to allow any more.")
        told = replace(caller, conversation=asked.event.conversation, cause=asked.event.id)
        await self._ledgers.decide(told, lambda ledger: _first(ledger, asked, answer))
        if request.always and request.verdict == "allow":
            always = approvals.SetRule(action=answer.action, rule="allow")
            await self._ledgers.decide(caller, lambda ledger: _chosen(ledger, always))
        return Settled(action=answer.action, verdict=answer.verdict, arguments=answer.arguments)

    def _word(self, request: approvals.Answer, asked: Asked) -> ApprovalAnswered:
        """The answer as it will stand in the log; Invalid when the action does not take what it should run with."""
        what = asked.what
        arguments = what.arguments
        if request.verdict == "allow" and request.arguments:
            arguments = self._edited(request.arguments, what.action)
        return ApprovalAnswered(
            question=asked.event.id,
            turn=what.turn,
            call=what.call,
            action=what.action,
            verdict=request.verdict,
            arguments=arguments,
            edited=not _same(arguments, what.arguments),
        )

    def _edited(self, text: str, action: str) -> str:
        try:
            arguments = msgspec.json.decode(text, type=dict[str, object])
        except msgspec.DecodeError as error:
            raise errors.Invalid(f"The arguments are not an object in JSON: {error}") from error
        self._catalogue.check(self._catalogue.find(action), arguments)
        return msgspec.json.encode(arguments).decode()

    async def _open(self, asked: Asked, caller: Caller) -> bool:
        """Tell whether anybody still waits for an answer."""
        if asked.what.until <= datetime.now(UTC):
            return False
        if not asked.event.conversation:
            return True
        thread = await self._threads.read(caller.user, asked.event.conversation)
        turn = asked.what.turn
        return turn in thread and thread[turn].outcome is None and not thread.halted(turn)

    def _rule(self, ledger: Ledger, name: str) -> ActionRule:
        item, chosen = self._catalogue.items.get(name), ledger.rules.get(name)
        if item is None:
            rule = (chosen.rule if chosen else None) or "ask"
            return ActionRule(action=name, rule=rule, after=rule, chosen=True)
        return ActionRule(
            action=name,
            rule=ledger.ruling(item, tainted=False),
            after=ledger.ruling(item, tainted=True),
            chosen=chosen is not None and chosen.rule is not None,
            risk=item.risk,
            foreign=ledger.foreign(item),
        )


def _only_a_person(caller: Caller) -> None:
    """The subject has no place for another actor; this stands should it ever get one."""
    if caller.actor != "user":
        raise errors.Refused("Only a person may decide what the model may do.")


def _unanswered(ledger: Ledger, asked: Asked) -> None:
    """Raise Conflict where the question is settled, and say how."""
    answered = ledger.answered.get(asked.event.id)
    if answered is None:
        return
    if answered.what.late:
        raise errors.Conflict(f"Nobody answered in time, so {asked.what.action} was not allowed.")
    word = "allowed" if answered.what.verdict == "allow" else "not allowed"
    raise errors.Conflict(f"This was answered already: {asked.what.action} was {word} at {answered.event.time:%H:%M}.")


def _first(ledger: Ledger, asked: Asked, answer: ApprovalAnswered) -> ApprovalAnswered:
    """The answer, if it is still the first."""
    _unanswered(ledger, asked)
    return answer


def _chosen(ledger: Ledger, request: approvals.SetRule) -> RuleSet | None:
    """The rule as it will be; None where it is so already."""
    known = ledger.rules.get(request.action, RuleSet(action=request.action, rule=None))
    rule = known.rule if request.rule is None else None if request.rule == "default" else request.rule
    foreign = known.foreign if request.foreign is None else None if request.foreign == "default" else request.foreign
    if (rule, foreign) == (known.rule, known.foreign):
        return None
    before = approvals.Former(rule=known.rule, foreign=known.foreign)
    return RuleSet(action=request.action, rule=rule, foreign=foreign, before=before)


def _same(one: str, other: str) -> bool:
    return bool(msgspec.json.decode(one) == msgspec.json.decode(other))
