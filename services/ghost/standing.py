"""What is offered to one person, what became of it, and what they do not want for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from proto.events import Event, Happening, Recorded
from proto.suggestions import (
    Record,
    Step,
    Suggestion,
    SuggestionAccepted,
    SuggestionDismissed,
    SuggestionMade,
    SuggestionMet,
    SuggestionMissed,
    SuggestionsSwitched,
    named,
    suggestion,
)
from services.ghost.contexts import Context
from services.ghost.deeds import Deed, Value

QUIET = timedelta(hours=24)
"""How long the same is not offered after it was not wanted; twice as long each further time."""
LONGEST = 6
"""How often that time doubles at most."""

_CHOSEN = frozenset({"title", "by", "position", "command", "text"})
Gist = tuple[str, frozenset[tuple[str, Value]]]
"""An action and its arguments, whichever task it is done to."""


class Standing:
    """The one suggestion there is at a time, and the record of all."""

    def __init__(self) -> None:
        self.on = True
        self.sequence = 0
        """The last event of this noun, as a place in the log."""
        self.now: Suggestion | None = None
        self.record = Record()
        self.came: SuggestionMet | SuggestionMissed | None = None
        """What became of it by itself, where that is not in the log yet."""
        self.after = ""
        """The event after which something was offered last."""
        self._context: Context | None = None
        self._quiet: dict[Gist, tuple[int, datetime]] = {}

    def apply(self, recorded: Recorded, what: Happening | None) -> Context | None:
        """Let the next event happen; return the context that foretold what is not wanted, if that is what happened."""
        event = recorded.event
        if event.kind.startswith("suggestion."):
            self.sequence = recorded.sequence
        match what:
            case SuggestionMade():
                self._made(event, what)
            case SuggestionsSwitched(on=on):
                self.on = on
                self._gone()
            case SuggestionDismissed() if self.now:
                self._hush(self.now.steps[0], event.time)
                self._count(what)
                return self._gone()
            case SuggestionAccepted() | SuggestionMet() | SuggestionMissed():
                self._count(what)
                self._gone()
        return None

    def outcome(self, event: Event, deed: Deed) -> None:
        """Compare what a person does with what is offered to them."""
        if self.now is None or self.came is not None:
            return
        what = named(self.now.steps)
        late = event.time > self.now.until
        if not late and does(self.now.steps[0], deed):
            self.came = SuggestionMet(suggestion=self.now.id, what=self.now.steps[0].sentence)
        else:
            self.came = SuggestionMissed(suggestion=self.now.id, what=what, instead="" if late else event.sentence)

    def quiet(self, gist: Gist, now: datetime) -> bool:
        """Tell whether something is not to be offered for a while."""
        return gist in self._quiet and now < self._quiet[gist][1]

    def _made(self, event: Event, made: SuggestionMade) -> None:
        self.now, self.came, self.after = suggestion(event.id, made), None, event.cause
        self._context = msgspec.json.decode(made.habit, type=Context)
        self._count(made)

    def _gone(self) -> Context | None:
        context, self._context = self._context, None
        self.now = self.came = None
        return context

    def _hush(self, step: Step, now: datetime) -> None:
        gist = gist_of(step.action, msgspec.json.decode(step.arguments, type=dict[str, Value]))
        times, _ = self._quiet.get(gist, (0, now))
        self._quiet[gist] = times + 1, now + QUIET * 2 ** min(times, LONGEST)

    def _count(self, what: Happening) -> None:
        name = what.kind.partition(".")[2]
        self.record = msgspec.structs.replace(self.record, **{name: getattr(self.record, name) + 1})


def gist_of(action: str, arguments: dict[str, Value]) -> Gist:
    """Return what makes a suggestion the same as another."""
    return action, frozenset((name, value) for name, value in arguments.items() if name in _CHOSEN)


def does(step: Step, deed: Deed) -> bool:
    """Tell whether a person did what a step is."""
    asked = msgspec.json.decode(step.arguments, type=dict[str, Value])
    same_thing = asked.get("task", deed.thing) == deed.thing
    return same_thing and gist_of(step.action, asked) == gist_of(deed.action, deed.arguments)
