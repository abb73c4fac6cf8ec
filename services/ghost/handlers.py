"""What the ghost answers: what it offers, doing that or leaving it, and whether it may offer anything."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from proto import errors, suggestions
from proto.base import Caller, Nothing
from proto.events import Happening
from proto.suggestions import Done, Habit, Suggestion, Suggestions
from services.ghost import wording
from services.ghost.doing import do
from services.ghost.learner import Foretold
from services.ghost.offering import sure
from services.ghost.people import People
from services.ghost.state import State
from services.runtime.bus import Bus

NAMED = 8
"""Habits in a list."""
_GONE = "That is not offered any more; `daimon suggest` shows what is."
_MEANWHILE = "Something else happened to suggestions at the same moment, so nothing was done. Look again."


class Handlers:
    """One method a subject."""

    def __init__(self, bus: Bus, people: People) -> None:
        self._bus = bus
        self._people = people

    async def list(self, _: Nothing, caller: Caller) -> Suggestions:
        """Say what is offered, how that has done so far, and what was learnt."""
        state = await self._people.read(caller.user)
        known = sorted(filter(sure, state.learner.known()), key=lambda one: one.rate, reverse=True)
        standing = state.standing
        return Suggestions(on=standing.on, now=_now(state), record=standing.record, habits=_habits(known))

    async def accept(self, request: suggestions.Accept, caller: Caller) -> Done:
        """Do what is offered."""
        state = await self._people.read(caller.user)
        offered = _offered(state, request.id)
        denied = next((step.action for step in offered.steps if step.action in state.denied), "")
        if denied:
            raise errors.Refused(f"You chose that {denied} is refused; change that rule on the page Actions.")
        accepted = suggestions.SuggestionAccepted(suggestion=offered.id, steps=offered.steps)
        event = await self._record(accepted, replace(caller, cause=offered.id), state)
        as_ghost = Caller(user=caller.user, actor="ghost", cause=event)
        return Done(sentence=await do(self._bus, offered.steps, as_ghost), event=event, path=offered.steps[-1].path)

    async def dismiss(self, request: suggestions.Dismiss, caller: Caller) -> Done:
        """Leave what is offered, and do not offer it again for a while."""
        state = await self._people.read(caller.user)
        offered = _offered(state, request.id)
        dismissed = suggestions.SuggestionDismissed(suggestion=offered.id, what=suggestions.named(offered.steps))
        event = await self._record(dismissed, replace(caller, cause=offered.id), state)
        return Done(sentence="It is not offered again for a day, and longer each time it is dismissed.", event=event)

    async def switch(self, request: suggestions.Switch, caller: Caller) -> Done:
        """Let suggestions be made, or not."""
        state = await self._people.read(caller.user)
        switched = suggestions.SuggestionsSwitched(on=request.on, before=state.standing.on)
        if switched.on == switched.before:
            return Done(sentence=f"Suggestions are {'on' if request.on else 'off'} already.")
        return Done(sentence=f"{switched.sentence()}.", event=await self._record(switched, caller, state))

    async def _record(self, what: Happening, caller: Caller, state: State) -> str:
        try:
            return await self._people.record(what, caller, state)
        except errors.Conflict as conflict:
            raise errors.Conflict(_MEANWHILE) from conflict


def _now(state: State) -> Suggestion | None:
    offered = state.standing.now
    return offered if offered and state.standing.came is None and datetime.now(UTC) < offered.until else None


def _offered(state: State, id_: str) -> Suggestion:
    offered = _now(state)
    if offered is None or (id_ and offered.id != id_):
        raise errors.Missing(_GONE if id_ else "Nothing is offered at the moment.")
    return offered


def _habits(known: list[Foretold]) -> tuple[Habit, ...]:
    """Return the surest habits, what several contexts foretell from the same number of times only once."""
    said = dict.fromkeys((wording.why(one), one.right, one.tries) for one in known)
    return tuple(Habit(sentence=sentence, right=right, tries=tries) for sentence, right, tries in said)[:NAMED]
