"""Approvals: which actions the model takes by itself, and what it asks a person before it acts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from proto.base import Call, Nothing, Risk
from proto.chat import excerpt
from proto.events import Happening, Inverse

Rule = Literal["allow", "ask", "deny"]
Verdict = Literal["allow", "deny"]
ActionName = Annotated[str, Meta(min_length=1, max_length=200)]


class ActionRule(msgspec.Struct, frozen=True, kw_only=True):
    """What happens when the model calls an action."""

    action: str
    rule: Rule
    """While the model has read nothing but the user's own words and Daimon's."""
    after: Rule
    """Once it has read what others wrote."""
    chosen: bool = False
    """Whether the user chose the rule; otherwise it follows from the risk."""
    risk: Risk | None = None
    """None for an action that is not offered at the moment."""
    foreign: bool = False
    """Whether its results count as text that others wrote."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A call that waits for a person."""

    id: str
    """What an answer names; the id of the event that asked."""
    conversation: str
    turn: str
    call: str
    action: str
    arguments: str
    """JSON, exactly as the action would be given it."""
    why: str
    until: datetime
    """When no answer becomes a no."""


class Approvals(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for an answer, oldest first, and the rules by action."""

    waiting: tuple[Question, ...]
    rules: tuple[ActionRule, ...]


class SetRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Choose what happens when the model calls an action."""

    action: ActionName
    rule: Rule | Literal["default"] | None = None
    """None leaves it as it is; `default` lets it follow from the risk again."""
    foreign: bool | Literal["default"] | None = None
    """Whether its results count as text that others wrote; None leaves that as it is, `default` as the rule."""


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Say whether a call may run."""

    id: Annotated[str, Meta(min_length=1, max_length=100)]
    verdict: Verdict
    arguments: Annotated[str, Meta(max_length=100_000)] = ""
    """JSON to run it with instead; empty runs it as the model asked."""
    always: bool = False
    """Allow this action from now on without asking."""


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """How a question was answered."""

    action: str
    verdict: Verdict
    arguments: str


class ApprovalAsked(Happening, frozen=True, kw_only=True):
    """The model wants to do something that needs a person's word."""

    kind: ClassVar[str] = "approval.asked"
    turn: str
    call: str
    action: str
    arguments: str
    why: str
    until: datetime

    def sentence(self) -> str:
        return f"Asked whether {self.action} {excerpt(self.arguments)} may run"


class ApprovalAnswered(Happening, frozen=True, kw_only=True):
    """It was decided whether a call may run; the event's actor decided."""

    kind: ClassVar[str] = "approval.answered"
    question: str
    turn: str
    call: str
    action: str
    verdict: Verdict
    arguments: str
    """What it runs with."""
    edited: bool = False
    late: bool = False
    """Whether nobody answered in time."""

    def sentence(self) -> str:
        if self.verdict == "allow":
            return f"Allowed {self.action}{' with other arguments:' if self.edited else ''} {excerpt(self.arguments)}"
        return f"Did not allow {self.action}{', for nobody answered in time' if self.late else ''}"


class ApprovalUsed(Happening, frozen=True, kw_only=True):
    """A call that was allowed begins to run; it is never begun again."""

    kind: ClassVar[str] = "approval.used"
    question: str
    action: str

    def sentence(self) -> str:
        return f"Began {self.action} as it was allowed"


class Former(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it was."""

    rule: Rule | None = None
    foreign: bool | None = None


class RuleSet(Happening, frozen=True, kw_only=True):
    """Somebody chose what happens when the model calls an action."""

    kind: ClassVar[str] = "approval.set"
    action: str
    rule: Rule | None
    """None where it follows from the risk."""
    foreign: bool | None = None
    """None where it follows from where the results come from."""
    before: Former | None = None
    """None where that was not written down."""

    def inverse(self) -> Inverse | None:
        if self.before is None:
            return None
        foreign: bool | Literal["default"] = "default" if self.before.foreign is None else self.before.foreign
        request = SetRule(action=self.action, rule=self.before.rule or "default", foreign=foreign)
        return Inverse(call=SET, request=request, thing=f"rule {self.action}")

    def sentence(self) -> str:
        rule = {"allow": "is allowed", "ask": "asks first", "deny": "is not allowed", None: "follows its risk"}
        trust = {True: "; its results count as written by others", False: "; its results are trusted", None: ""}
        return f"From now on {self.action} {rule[self.rule]}{trust[self.foreign]}"


LIST = Call("daimon.own.{user}.approval.list", Nothing, Approvals)
SET = Call("daimon.own.{user}.approval.set", SetRule, ActionRule)
ANSWER = Call("daimon.own.{user}.approval.answer", Answer, Settled)
CALLS = (LIST, SET, ANSWER)
INVERSES = (SET,)
KINDS: tuple[type[Happening], ...] = (ApprovalAsked, ApprovalAnswered, ApprovalUsed, RuleSet)
