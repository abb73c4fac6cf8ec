"""One user's line of changes as the log makes it: a pure fold, and what builds on what.

What undid a change is an event like any other, made by the call that the change names as its inverse. It is known by
its cause, the event it undid, and by its key; so there is no state beside the log, and undoing twice happens once.
What a person had the ghost do in several steps is one change with parts, which are undone together.
"""

from __future__ import annotations

import bisect
import itertools

import msgspec

from proto import errors, undo
from proto.events import Event, Inverse, Recorded
from proto.kinds import happening
from proto.suggestions import SuggestionAccepted
from proto.undo import key_of

NAMED = 3
"""How many changes a message names at most."""


class Change(msgspec.Struct, kw_only=True):
    """One change, and what has become of it."""

    sequence: int
    event: Event
    thing: str
    latest: Event
    """The change itself, or the last event that undid it or did it again."""
    undone: bool = False
    turned: int = 0
    """When it was last undone or done again, as a place in the log."""
    parts: list[Change] = []
    """The steps of a plan, in order; empty for a change that was made alone."""

    @property
    def things(self) -> set[str]:
        """What was changed."""
        return {part.thing for part in self.parts} or {self.thing}

    def turning(self) -> list[Change]:
        """Return what is to be turned back, or done again, in that order."""
        if not self.parts:
            return [self]
        return list(self.parts) if self.undone else [part for part in reversed(self.parts) if not part.undone]

    def is_meant(self, words: str) -> bool:
        """Tell whether an event id names it, or words of its sentence."""
        ids = {id_ for each in (self, *self.parts) for id_ in (each.event.id, each.latest.id)}
        said = self.event.sentence.casefold()
        return words in ids or all(word in said for word in words.casefold().split())

    def step(self) -> undo.Step:
        """Return it as others see it."""
        event = self.event
        return undo.Step(
            event=event.id, time=event.time, actor=event.actor, sentence=event.sentence, undone=self.undone
        )


class Line:
    """The changes of one user, oldest first: all of them, or the newest."""

    def __init__(self, *, whole: bool = True) -> None:
        self.whole = whole
        """Whether nothing older is missing."""
        self._changes: list[Change] = []
        self._by_latest: dict[str, Change] = {}
        self._plans: dict[str, Change] = {}
        """By the event that accepted them; listed once something came of them."""
        self._strays: list[int] = []
        """Places where something older than this line was undone or done again."""

    @property
    def settled(self) -> bool:
        """Whether what would be done again is known: nothing older was undone after the newest change."""
        newest = self._changes[-1].sequence if self._changes else 0
        return self.whole or (newest > 0 and not any(stray > newest for stray in self._strays))

    def apply(self, recorded: Recorded) -> None:
        """Let the next event happen; events that change nothing are left out."""
        event = recorded.event
        turns = event.key == key_of(event.cause)
        turned = self._by_latest.get(event.cause) if turns else None
        inverse = inverse_of(event)
        if turns and not turned and not self.whole:
            self._strays.append(recorded.sequence)
        elif turned:
            self._turn(turned, recorded)
        elif inverse:
            self._take(Change(sequence=recorded.sequence, event=event, thing=inverse.thing, latest=event))
        elif is_plan(event):
            self._plans[event.id] = Change(sequence=recorded.sequence, event=event, thing="", latest=event)

    def _turn(self, change: Change, recorded: Recorded) -> None:
        del self._by_latest[change.latest.id]
        change.latest, change.turned, change.undone = recorded.event, recorded.sequence, not change.undone
        self._by_latest[recorded.event.id] = change
        if plan := self._plans.get(change.event.cause):
            plan.turned, plan.undone = recorded.sequence, all(part.undone for part in plan.parts)

    def _take(self, change: Change) -> None:
        self._by_latest[change.event.id] = change
        plan = self._plans.get(change.event.cause)
        if plan is None or not plan.parts:
            bisect.insort(self._changes, plan or change, key=lambda known: known.sequence)
        if plan is not None:
            plan.parts.append(change)

    def undoable(self, count: int) -> list[Change]:
        """Return the last changes that stand, newest first."""
        return [change for change in reversed(self._changes) if not change.undone][:count]

    def redoable(self, count: int) -> list[Change]:
        """Return what was undone after the newest change, undone last first: a new change closes the way back."""
        newest = self._changes[-1].sequence if self._changes else 0
        undone = [change for change in self._changes if change.undone and change.turned > newest]
        return sorted(undone, key=lambda change: change.turned, reverse=True)[:count]

    def page(self, before: str, limit: int) -> tuple[Change, ...]:
        """Return changes from below an event on, newest first; all ids are in the order of their making."""
        older = (change for change in reversed(self._changes) if not before or change.event.id < before)
        return tuple(itertools.islice(older, limit))

    def find(self, words: str) -> Change:
        """Return the newest change meant by an event id or by words; Missing when there is none."""
        if (found := self._meant(words)) is None:
            raise errors.Missing(f"No change matches '{words}'. {self._offer()}")
        return found

    def has(self, words: str) -> bool:
        """Whether a change is meant by an event id or by words."""
        return self._meant(words) is not None

    def building_on(self, change: Change) -> list[Change]:
        """Return the later changes of the same thing that stand, newest first."""
        later = (other for other in reversed(self._changes) if other.sequence > change.sequence)
        return [other for other in later if other.things & change.things and not other.undone]

    def latest(self, event: str) -> Event:
        """Return the last event that undid a change or did it again, or made it; of a part too."""
        each = itertools.chain.from_iterable((change, *change.parts) for change in reversed(self._changes))
        return next(known.latest for known in each if known.event.id == event)

    def _meant(self, words: str) -> Change | None:
        return next((change for change in reversed(self._changes) if change.is_meant(words)), None)

    def _offer(self) -> str:
        last = self.undoable(NAMED)
        return f"The last ones are: {named(last)}." if last else "Nothing can be undone."


def is_plan(event: Event) -> bool:
    """Tell whether several steps follow an event, which are one change."""
    what = happening(event)
    return isinstance(what, SuggestionAccepted) and len(what.steps) > 1


def named(changes: list[Change]) -> str:
    """Name changes in a sentence."""
    words = "; ".join(change.event.sentence for change in changes[:NAMED])
    return f"{words}; and {len(changes) - NAMED} more" if len(changes) > NAMED else words


def inverse_of(event: Event) -> Inverse | None:
    """What undoes an event, in the conversation it happened in where it belongs there; None when nothing does."""
    what = happening(event)
    inverse = what.inverse() if what else None
    return inverse if inverse is None or not inverse.inside else _within(inverse, event.conversation)


def _within(inverse: Inverse, conversation: str) -> Inverse:
    request = inverse.request
    if "conversation" in request.__struct_fields__:
        request = msgspec.structs.replace(request, conversation=conversation)
    return msgspec.structs.replace(inverse, request=request, thing=f"{inverse.thing} in {conversation}")
