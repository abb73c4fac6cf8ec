"""What the llm service answers about a person's choices: instructions, ratings, the content filter, waking."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

from proto import choices, errors
from proto.base import Caller, Nothing
from proto.choices import Filter, Instructions, Job, Rated, Version, Waking
from proto.events import Happening
from services.llm.choices.answers import is_answered
from services.llm.choices.choices import TRIES, Choices, Chosen
from services.runtime.bus import Routes
from services.runtime.bus.journal import Journal

JOBS: tuple[Job, ...] = get_args(Job)


class Deciding:
    """One method a subject. The broker lets nobody but a person's own clients ask."""

    def __init__(self, chosen: Chosen, journal: Journal) -> None:
        self._chosen = chosen
        self._journal = journal

    def routes(self) -> Routes:
        """The calls with what answers them."""
        return {
            choices.INSTRUCTIONS: self.instructions,
            choices.EDIT: self.edit,
            choices.USE: self.use,
            choices.RATE: self.rate,
            choices.FILTER: self.filter,
            choices.SET_FILTER: self.set_filter,
            choices.WAKING: self.waking,
            choices.SET_WAKING: self.set_waking,
        }

    async def instructions(self, _request: Nothing, caller: Caller) -> Instructions:
        """Return every version of every instruction."""
        known = await self._chosen.read(caller.user)
        return Instructions(versions=tuple(version for job in JOBS for version in known.versions(job)))

    async def edit(self, request: choices.EditInstruction, caller: Caller) -> Version:
        """Write a new version of an instruction and use it."""
        if not request.text.strip() or "\0" in request.text:
            raise errors.Invalid("An instruction needs some words.")

        def edited(known: Choices) -> Happening:
            number = len(known.versions(request.job))
            before = known.instruction(request.job).number
            return choices.InstructionEdited(job=request.job, number=number, text=request.text, before=before)

        return _used(await self._decide(edited, caller), request.job)

    async def use(self, request: choices.UseInstruction, caller: Caller) -> Version:
        """Use another version of an instruction."""

        def used(known: Choices) -> Happening | None:
            there = len(known.versions(request.job))
            if request.number >= there:
                raise errors.Missing(f"The {request.job} instruction has the versions 0 to {there - 1}.")
            before = known.instruction(request.job).number
            if before == request.number:
                return None
            return choices.VersionUsed(job=request.job, number=request.number, before=before)

        return _used(await self._decide(used, caller), request.job)

    async def rate(self, request: choices.Rate, caller: Caller) -> choices.Rate:
        """Say what an answer was worth."""
        if not await is_answered(self._journal, caller.user, request.turn):
            raise errors.Missing(f"There is no answer '{request.turn}' to rate.")

        def rated(known: Choices) -> Happening | None:
            before = known.ratings.get(request.turn, "none")
            return None if before == request.worth else Rated(turn=request.turn, worth=request.worth, before=before)

        await self._decide(rated, caller)
        return request

    async def filter(self, _request: Nothing, caller: Caller) -> Filter:
        """Return what the content filter holds back."""
        return Filter(patterns=(await self._chosen.read(caller.user)).patterns)

    async def set_filter(self, request: Filter, caller: Caller) -> Filter:
        """Choose what the content filter holds back."""
        if any(not pattern.words.strip() for pattern in request.patterns):
            raise errors.Invalid("A pattern needs some words.")
        names = [pattern.name for pattern in request.patterns]
        if len(set(names)) < len(names):
            raise errors.Invalid("Each pattern needs a name of its own.")

        def filtered(known: Choices) -> Happening | None:
            before = known.patterns
            return None if before == request.patterns else choices.FilterSet(patterns=request.patterns, before=before)

        await self._decide(filtered, caller)
        return request

    async def waking(self, _request: Nothing, caller: Caller) -> Waking:
        """Return whether the assistant speaks when a job of its ends."""
        return Waking(on=(await self._chosen.read(caller.user)).wakes)

    async def set_waking(self, request: Waking, caller: Caller) -> Waking:
        """Choose it."""

        def woken(known: Choices) -> Happening | None:
            return None if known.wakes == request.on else choices.WakingSet(on=request.on, before=known.wakes)

        await self._decide(woken, caller)
        return request

    async def _decide(self, decide: Callable[[Choices], Happening | None], caller: Caller) -> Choices:
        """Decide on what is chosen now, and record it where nothing else was chosen in between."""
        for _ in range(TRIES):
            known = await self._chosen.read(caller.user)
            what = decide(known)
            if what is None:
                return known
            try:
                return await self._chosen.record(what, caller)
            except errors.Conflict:
                continue
        raise errors.Conflict("The choices are changing too fast; try again.")


def _used(known: Choices, job: Job) -> Version:
    return next(version for version in known.versions(job) if version.used)
