"""What the undo service does: find the change, ask its noun for the inverse, say what was undone."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from proto import errors, undo
from proto.base import PERSONAL, Action, Caller
from proto.events import happened
from proto.undo import LineRead, Previewed, Undone, key_of
from services.runtime.bus import Bus
from services.undo.line import Change, Line, inverse_of, named
from services.undo.lines import Lines

SHOWN = 10
"""Changes in a preview of the last ones."""


class Handlers:
    """One method a subject."""

    def __init__(self, bus: Bus, *, lines: int) -> None:
        self._bus = bus
        self._lines = Lines(bus, lines)
        self.forget = self._lines.forget

    async def last(self, request: undo.UndoLast, caller: Caller) -> Undone:
        """Undo the last changes."""
        state = await self._lines.current(caller, lambda line: len(line.undoable(request.count)) == request.count)
        if again := state.answered.get((caller.actor, caller.key)):
            return again
        changes = state.line.undoable(request.count)
        if not changes:
            raise errors.Missing("There is nothing to undo.")
        return await self._turn(changes, caller)

    async def step(self, request: undo.UndoStep, caller: Caller) -> Undone:
        """Undo one change, alone or with all that builds on it."""
        state = await self._lines.current(caller, lambda line: line.has(request.step))
        if again := state.answered.get((caller.actor, caller.key)):
            return again
        change = state.line.find(request.step)
        if change.undone:
            raise errors.Refused(f"That is undone already: {change.event.sentence}.")
        later = state.line.building_on(change)
        if later and not request.together:
            raise errors.Refused(
                f"'{change.event.sentence}' cannot be undone alone, because later changes build on it: {named(later)}."
                " They can be undone together: `daimon undo --together`, or on the Undo page."
            )
        return await self._turn([*later, change], caller)

    async def redo(self, request: undo.Redo, caller: Caller) -> Undone:
        """Do again what was undone last."""
        state = await self._lines.current(caller, lambda line: line.settled)
        if again := state.answered.get((caller.actor, caller.key)):
            return again
        changes = state.line.redoable(request.count)
        if not changes:
            raise errors.Missing("There is nothing to do again: nothing was undone since the last change.")
        return await self._turn(changes, caller)

    async def preview(self, request: undo.Preview, caller: Caller) -> Previewed:
        """Show what would be undone."""
        if not request.step:
            line = (await self._lines.current(caller, lambda line: len(line.undoable(SHOWN)) == SHOWN)).line
            last = line.undoable(SHOWN)
            sentence = f"Undo would undo: {last[0].event.sentence}." if last else "There is nothing to undo."
            return Previewed(steps=_steps(last), sentence=sentence)
        line = (await self._lines.current(caller, lambda line: line.has(request.step))).line
        change = line.find(request.step)
        if change.undone:
            return Previewed(steps=(), sentence=f"That is undone already: {change.event.sentence}.")
        together = [*line.building_on(change), change]
        return Previewed(steps=_steps(together), sentence=f"That would undo, in this order: {named(together)}.")

    async def read(self, request: undo.ReadLine, caller: Caller) -> LineRead:
        """Read the line itself."""

        def enough(line: Line) -> bool:
            return line.settled and len(line.page(request.before, request.limit)) == request.limit

        line = (await self._lines.current(caller, enough)).line
        found, redo = line.page(request.before, request.limit), line.redoable(1)
        older = found[-1].event.id if len(found) == request.limit else ""
        return LineRead(steps=_steps(found), redo=redo[0].step() if redo else None, older=older)

    async def _turn(self, changes: Sequence[Change], caller: Caller) -> Undone:
        """Undo each change, or do it again; what fails stops it, and says what was done before."""
        for part in itertools.chain.from_iterable(change.turning() for change in changes):
            _check(part, caller)
        word = "Did again" if changes[0].undone else "Undid"
        done: list[Change] = []
        event = ""
        for change in changes:
            try:
                # The first one carries the key of the request: the log keeps one of a key and kind.
                event = await self._turn_one(change, caller if not done else replace(caller, key=""))
            except errors.Failure as failure:
                before = f" Before that: {named(done)}." if done else ""
                why = f"'{change.event.sentence}' cannot be turned back: {failure.message}{before}"
                raise errors.failure(failure.code, why) from failure
            done.append(change)
        return Undone(steps=_steps(changes), sentence=f"{word}: {named(list(changes))}", event=event)

    async def _turn_one(self, change: Change, caller: Caller) -> str:
        """Undo a change with all its parts, or do it again, and say so; return the event that did it last."""
        kind = undo.ChangeRedone if change.undone else undo.ChangeUndone
        event = ""
        for part in change.turning():
            event = await self._ask(part, caller)
        what = kind(step=change.event.id, what=change.event.sentence)
        await self._bus.journal.append(happened(what, replace(caller, cause=event)))
        return event

    async def _ask(self, change: Change, caller: Caller) -> str:
        """Ask the noun of a change for its inverse."""
        inverse = inverse_of(change.latest)
        if inverse is None:
            raise errors.Refused("nothing undoes it")
        latest = change.latest.id
        asked = replace(caller, cause=latest, key=key_of(latest))
        if inverse.inside:
            asked = replace(asked, conversation=change.latest.conversation)
        await self._bus.call_subject(inverse.call.at(asked), msgspec.json.encode(inverse.request), caller=asked)
        # What that led to is in the log, whatever the call answers.
        line = (await self._lines.current(caller, lambda line: line.has(change.event.id))).line
        event = line.latest(change.event.id).id
        if event == latest:
            raise errors.Refused("it is so already")
        return event


def _check(change: Change, caller: Caller) -> None:
    """Raise Refused where only a person may do what undoes it: choices of theirs, and what reaches outside."""
    inverse = inverse_of(change.latest)
    if inverse is None or caller.actor == "user":
        return
    call = inverse.call
    if call.subject.startswith(PERSONAL) or (isinstance(call, Action) and call.risk == "outside"):
        raise errors.Refused(
            f"'{change.event.sentence}' is for a person to take back: on the pages, or by `daimon undo`."
        )


def _steps(changes: Sequence[Change]) -> tuple[undo.Step, ...]:
    return tuple(change.step() for change in changes)
