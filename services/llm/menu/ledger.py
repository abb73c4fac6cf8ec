"""One user's approvals as the log has them: a pure fold, and what the rules say of a call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from proto.approvals import ApprovalAnswered, ApprovalAsked, ApprovalUsed, Question, Rule, RuleSet
from proto.chat import ToolUse
from proto.events import Event, Recorded
from proto.kinds import happening
from proto.llm import MenuItem

_RISKY: dict[str, tuple[Rule, Rule]] = {
    "read": ("allow", "allow"),
    "change": ("allow", "ask"),
    "outside": ("ask", "ask"),
}
"""What follows from an action's risk: before the model has read what others wrote, and after."""


class Asked(NamedTuple):
    """A question with the event that asked it."""

    event: Event
    what: ApprovalAsked

    @property
    def question(self) -> Question:
        """As others see it."""
        what = self.what
        return Question(
            id=self.event.id,
            conversation=self.event.conversation,
            turn=what.turn,
            call=what.call,
            action=what.action,
            arguments=what.arguments,
            why=what.why,
            until=what.until,
        )


class Answered(NamedTuple):
    """An answer with the event that gave it."""

    event: Event
    what: ApprovalAnswered


class Ledger:
    """What one user was asked and answered, and the rules that were chosen."""

    def __init__(self) -> None:
        self.sequence = 0
        self.rules: dict[str, RuleSet] = {}
        """By action."""
        self.asked: dict[str, Asked] = {}
        """By the id of the question."""
        self.answered: dict[str, Answered] = {}
        self._used: set[str] = set()

    def apply(self, recorded: Recorded) -> None:
        """Let an event of the log happen; one that has happened already changes nothing."""
        if recorded.sequence <= self.sequence:
            return
        event, self.sequence = recorded.event, recorded.sequence
        match happening(event):
            case RuleSet() as what:
                self.rules[what.action] = what
            case ApprovalAsked() as what:
                self.asked[event.id] = Asked(event, what)
            case ApprovalAnswered() as what:
                self.answered[what.question] = Answered(event, what)
            case ApprovalUsed() as what:
                self._used.add(what.question)

    @property
    def waiting(self) -> tuple[Asked, ...]:
        """What has no answer yet, oldest first."""
        return tuple(asked for id_, asked in self.asked.items() if id_ not in self.answered)

    def about(self, call: str) -> Asked | None:
        """Return the question about a call that has not begun to run, None when there is none."""
        of_call = (asked for asked in self.asked.values() if asked.what.call == call)
        return next((asked for asked in of_call if asked.event.id not in self._used), None)

    def ruling(self, item: MenuItem, *, tainted: bool) -> Rule:
        """What is to be done about a call."""
        chosen = self.rules.get(item.name)
        if chosen is not None and chosen.rule is not None:
            return chosen.rule
        before, after = _RISKY[item.risk]
        return after if tainted and not item.contained else before

    def foreign(self, item: MenuItem) -> bool:
        """Tell whether an action's results count as text that others wrote."""
        chosen = self.rules.get(item.name)
        return item.foreign if chosen is None or chosen.foreign is None else chosen.foreign

    def taint(self, read: Iterable[ToolUse], menu: Mapping[str, MenuItem]) -> str:
        """Name the action through which the model has read what others wrote, empty when it has not."""
        for tool in read:
            if tool.ok is None:
                continue
            item = menu.get(tool.action)
            # What is not in the menu was a program's that has left, if it ever ran.
            if self.foreign(item) if item else tool.ok:
                return tool.action
        return ""
