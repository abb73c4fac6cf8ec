"""Suggestions: the next action that the ghost offers, what became of each, and whether it may."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from proto import chat, sandbox, sorting, tasks
from proto.base import Call, Nothing
from proto.chat import excerpt
from proto.events import Happening, Inverse

NOUN = "suggestion"
SAME = "{same}"
"""Stands in arguments for the task that the step before made."""
OFFERED: dict[str, Call[Any, Any]] = {
    call.name: call
    for call in (
        *(tasks.ADD, tasks.COMPLETE, tasks.REOPEN, tasks.DELETE, tasks.MOVE, sorting.SORT),
        *(sandbox.RUN, chat.SEND),
    )
}
"""All that can be offered, and so all that the ghost may ask for in its own name."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One action of a suggestion."""

    action: str
    arguments: str
    """JSON, exactly as the action will be given it."""
    sentence: str
    """What it does, such as `sort the list by title`."""
    conversation: str = ""
    """Where it is done, where that matters."""
    path: str = ""
    """The page that shows what came of it, where that is not seen everywhere."""


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """What is offered at the moment."""

    id: str
    """What accepting and dismissing name; the id of the event that made it."""
    steps: tuple[Step, ...]
    """One action, or the rest of what was recognised, in order."""
    why: str
    """The evidence, in a sentence."""
    right: int
    """How often what the same habit foretold came true, of the last `tries` times."""
    tries: int
    until: datetime


class Habit(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was learnt."""

    sentence: str
    right: int
    tries: int


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What became of everything that was offered."""

    made: int = 0
    accepted: int = 0
    met: int = 0
    """Done by the person themselves, just as it was offered."""
    dismissed: int = 0
    missed: int = 0


class Suggestions(msgspec.Struct, frozen=True, kw_only=True):
    """What is offered, how good that has been, and what was learnt."""

    on: bool
    now: Suggestion | None
    record: Record
    habits: tuple[Habit, ...] = ()
    """The surest first."""


class Accept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Have what is offered done."""

    id: Annotated[str, Meta(max_length=36)] = ""
    """Empty for whatever is offered now."""


class Dismiss(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Do not want what is offered; it is not offered again for a while."""

    id: Annotated[str, Meta(max_length=36)] = ""


class Switch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Let suggestions be made, or not."""

    on: bool


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, or decided."""

    sentence: str
    event: str = ""
    path: str = ""
    """The page that shows what came of it; empty where that is seen everywhere."""


class SuggestionMade(Happening, frozen=True, kw_only=True):
    """Something was offered."""

    kind: ClassVar[str] = "suggestion.made"
    steps: tuple[Step, ...]
    why: str
    right: int
    tries: int
    until: datetime
    habit: str
    """What it was foretold by, as the ghost knows it again."""

    def sentence(self) -> str:
        return f"Offered to {named(self.steps)}"


class SuggestionAccepted(Happening, frozen=True, kw_only=True):
    """A person wanted what was offered; its steps are events of their own, with this one as their cause."""

    kind: ClassVar[str] = "suggestion.accepted"
    suggestion: str
    steps: tuple[Step, ...]

    def sentence(self) -> str:
        return f"Let the ghost {named(self.steps)}"


class SuggestionDismissed(Happening, frozen=True, kw_only=True):
    """A person did not want what was offered."""

    kind: ClassVar[str] = "suggestion.dismissed"
    suggestion: str
    what: str

    def sentence(self) -> str:
        return f"Did not want the ghost to {self.what}"


class SuggestionMet(Happening, frozen=True, kw_only=True):
    """What was offered happened by itself: the person did just that."""

    kind: ClassVar[str] = "suggestion.met"
    suggestion: str
    what: str

    def sentence(self) -> str:
        return f"It came as foretold: {self.what}"


class SuggestionMissed(Happening, frozen=True, kw_only=True):
    """What was offered did not come next, or not in time."""

    kind: ClassVar[str] = "suggestion.missed"
    suggestion: str
    what: str
    instead: str = ""
    """What came; empty where the time was over."""

    def sentence(self) -> str:
        if self.instead:
            return f"Not as foretold ({excerpt(self.what)}): {self.instead}"
        return f"Nothing came of the offer to {excerpt(self.what)}"


class SuggestionsSwitched(Happening, frozen=True, kw_only=True):
    """Suggestions may be made from now on, or not."""

    kind: ClassVar[str] = "suggestion.switched"
    on: bool
    before: bool

    def sentence(self) -> str:
        return f"Suggestions are {'on' if self.on else 'off'} from now on"

    def inverse(self) -> Inverse:
        return Inverse(call=SWITCH, request=Switch(on=self.before), thing="suggestions")


def named(steps: tuple[Step, ...]) -> str:
    """Name steps in a sentence."""
    *first, last = [step.sentence for step in steps] or ["do nothing"]
    return f"{', '.join(first)} and {last}" if first else last


def suggestion(id_: str, made: SuggestionMade) -> Suggestion:
    """Return what an event offers."""
    return Suggestion(id=id_, steps=made.steps, why=made.why, right=made.right, tries=made.tries, until=made.until)


LIST = Call("daimon.own.{user}.suggestion.list", Nothing, Suggestions)
ACCEPT = Call("daimon.own.{user}.suggestion.accept", Accept, Done)
DISMISS = Call("daimon.own.{user}.suggestion.dismiss", Dismiss, Done)
SWITCH = Call("daimon.own.{user}.suggestion.switch", Switch, Done)
CALLS = (LIST, ACCEPT, DISMISS, SWITCH)
INVERSES = (SWITCH,)
KINDS: tuple[type[Happening], ...] = (
    SuggestionMade,
    SuggestionAccepted,
    SuggestionDismissed,
    SuggestionMet,
    SuggestionMissed,
    SuggestionsSwitched,
)
