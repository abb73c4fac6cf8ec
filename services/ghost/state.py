"""What the log says of one person, as far as the ghost needs it: a pure fold."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta

from proto.accounts import Visited
from proto.approvals import RuleSet
from proto.chat import Answered, Asked
from proto.events import Event, Happening, Recorded
from proto.kinds import happening
from proto.suggestions import SuggestionMade
from services.ghost import contexts
from services.ghost.deeds import NOTHING, Deed, Form, deed_of
from services.ghost.learner import Learner
from services.ghost.standing import Standing
from services.ghost.titles import Titles

GAP = timedelta(minutes=30)
"""Without a deed for so long, what comes next begins anew."""
ANSWERING = timedelta(minutes=10)
"""Longer than that no answer is waited for."""
DONE = 400
"""Deeds among which sequences are looked for."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class State:
    """One person's habits, what is offered to them, and where they are."""

    def __init__(self) -> None:
        self.sequence = 0
        self.learner = Learner()
        self.standing = Standing()
        self.titles = Titles()
        self.denied: set[str] = set()
        """Actions that the person does not allow to the model; nor are they offered."""
        self.done: deque[Form] = deque(maxlen=DONE)
        self.deeds: deque[Deed] = deque(maxlen=2)
        """The last ones without a pause between."""
        self.conversation = ""
        """Where a command would run: in the conversation of the last deed that had one and keeps its box."""
        self.last: Event | None = None
        """The event of the last deed."""
        self._page = ""
        self._active = _LONG_AGO
        self._turns: dict[str, datetime] = {}

    def apply(self, recorded: Recorded) -> None:
        """Let the next event of the log happen."""
        event, self.sequence = recorded.event, recorded.sequence
        what = happening(event)
        self._note(event, what)
        self.titles.apply(event)
        deed = deed_of(event, what)
        if deed is not None or isinstance(what, Visited):
            self._rest(event)
        if deed is not None:
            self._learn(event, deed)
        elif isinstance(what, Visited):
            self._visit(event, what)
        if unwanted := self.standing.apply(recorded, what):
            self.learner.unwanted(unwanted)
        if isinstance(what, SuggestionMade) and event.cause != self.cause and self.last and self.deeds:
            # Something was done between the look and the offer.
            self.standing.outcome(self.last, self.deeds[-1])

    def answering(self, now: datetime) -> bool:
        """Tell whether an answer is being written."""
        return any(now - began < ANSWERING for began in self._turns.values())

    def fresh(self, now: datetime) -> bool:
        """Tell whether the person has just been here."""
        return now - self._active < GAP

    @property
    def cause(self) -> str:
        """The event after which something is offered."""
        return self.last.id if self.last else ""

    def _note(self, event: Event, what: Happening | None) -> None:
        match what:
            case Asked():
                self._turns[event.id] = event.time
            case Answered(turn=turn):
                self._turns.pop(turn, None)
            case RuleSet(action=action, rule=rule):
                (self.denied.add if rule == "deny" else self.denied.discard)(action)

    def _rest(self, event: Event) -> None:
        """After a pause nothing has followed, and what comes next begins anew."""
        if event.time - self._active > GAP:
            self.learner.learn(NOTHING)
            self.done.append(NOTHING)
            self.deeds.clear()
            self._page = self.conversation = ""
            self.learner.stand(contexts.coming_back(event.time.hour, self._page))
        self._active = event.time

    def _visit(self, event: Event, what: Visited) -> None:
        self._page = "/" + what.path.split("/")[1]
        self._stand(event.time.hour)

    def _learn(self, event: Event, deed: Deed) -> None:
        form = deed.form(self.deeds[-1] if self.deeds else None)
        self.learner.learn(form)
        self.standing.outcome(event, deed)
        self.deeds.append(deed)
        if deed.action != "chat.send":
            self.conversation = deed.conversation or self.conversation
        self.done.append(form)
        self.last = event
        self._stand(event.time.hour)

    def _stand(self, hour: int) -> None:
        if not self.deeds:
            self.learner.stand(contexts.coming_back(hour, self._page))
            return
        forms = tuple(self.done)[-len(self.deeds) :]
        self.learner.stand(contexts.after(tuple(self.deeds), forms, self._page))
