"""One user's choices about answers, as the log has them: instructions, ratings, the content filter, waking."""

from __future__ import annotations

import asyncio
import functools

import msgspec
from msgspec.structs import replace

from proto import errors, events
from proto.accounts import Profile, ProfileChanged
from proto.base import Caller
from proto.chat import Conversation
from proto.choices import FilterSet, InstructionEdited, Job, Pattern, Rated, Version, VersionUsed, WakingSet, Worth
from proto.events import Happening, Recorded
from proto.kinds import happening
from proto.models import ModelChosen, ModelJob
from services.llm.choices.instructions import DEFAULTS
from services.runtime.bus import Bus, Interrupted
from services.runtime.bus.journal import Expect

KEPT = 500
"""Users whose choices are kept in memory; the others' are read from the log again."""
TRIES = 20
NOUN = "choice"


class Instruction(msgspec.Struct, frozen=True, kw_only=True):
    """The text of an instruction and which version it is."""

    number: int
    text: str


class Choices:
    """What one user chose, up to a place in the log."""

    def __init__(self) -> None:
        self.sequence = 0
        self.fresh = False
        """Whether nothing was heard since it was read."""
        self.patterns: tuple[Pattern, ...] = ()
        self.models: dict[ModelJob, str] = {}
        """The models that were chosen, by what they do."""
        self.ratings: dict[str, Worth] = {}
        """By turn."""
        self.wakes = True
        """Whether the assistant may speak when a job of its ends."""
        self.profile = Profile()
        """How the user wants to be met."""
        self._texts: dict[Job, list[str]] = {job: [text] for job, text in DEFAULTS.items()}
        self._used: dict[Job, int] = dict.fromkeys(DEFAULTS, 0)

    def apply(self, recorded: Recorded) -> None:
        """Let an event of the log happen; one that has happened already changes nothing."""
        if recorded.sequence <= self.sequence:
            return
        self.sequence = recorded.sequence
        match happening(recorded.event):
            case InstructionEdited(job=job, text=text):
                self._texts[job].append(text)
                self._used[job] = len(self._texts[job]) - 1
            case VersionUsed(job=job, number=number):
                self._used[job] = number
            case Rated(turn=turn, worth=worth):
                self.ratings[turn] = worth
            case ModelChosen(model=model, job=job):
                self.models[job] = model
            case FilterSet(patterns=patterns):
                self.patterns = patterns
            case WakingSet(on=on):
                self.wakes = on

    def instruction(self, job: Job) -> Instruction:
        """What is in use for a job; the text that Daimon comes with where the chosen one is gone from the log."""
        texts, number = self._texts[job], self._used[job]
        number = number if number < len(texts) else 0
        return Instruction(number=number, text=texts[number])

    def rated(self, conversation: Conversation) -> Conversation:
        """Say of each exchange what it was found worth."""
        exchanges = (replace(each, worth=self.ratings.get(each.turn, "none")) for each in conversation.exchanges)
        return replace(conversation, exchanges=tuple(exchanges))

    def versions(self, job: Job) -> tuple[Version, ...]:
        """Every version of an instruction, oldest first."""
        used = self.instruction(job).number
        return tuple(
            Version(job=job, number=number, text=text, used=number == used)
            for number, text in enumerate(self._texts[job])
        )


class Chosen:
    """The choices of all users that this process has served."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._choices = functools.lru_cache(KEPT)(lambda _user: Choices())

    def forget(self) -> None:
        """Drop everything, because something of the log is gone; the next look reads it again."""
        self._choices.cache_clear()

    async def run(self) -> None:
        """Hear of choices as they are made, wherever, until cancelled."""
        while True:
            self.forget()
            try:
                async with asyncio.TaskGroup() as group:
                    for what in (events.of_noun(NOUN), events.of_kind(ProfileChanged.kind)):
                        group.create_task(self._hear(what))
            except* Interrupted:
                self.forget()

    async def _hear(self, what: str) -> None:
        async with self._bus.follow(what) as live:
            self.forget()
            async for event in live:
                self._choices(event.user).fresh = False

    async def of(self, user: str) -> Choices:
        """Return what a user chose; without asking the log where nothing was heard since the last look."""
        choices: Choices = self._choices(user)
        return choices if choices.fresh else await self.read(user)

    async def read(self, user: str) -> Choices:
        """Return what a user chose as of now."""
        choices: Choices = self._choices(user)
        choices.fresh = True
        try:
            found, profiled = await asyncio.gather(
                self._bus.journal.read(events.of_noun(NOUN, user), after=choices.sequence),
                self._bus.journal.last(events.of_kind(ProfileChanged.kind, user)),
            )
        except errors.Failure:
            choices.fresh = False
            raise
        for recorded in found:
            choices.apply(recorded)
        what = happening(profiled.event) if profiled else None
        choices.profile = what.profile if isinstance(what, ProfileChanged) else Profile()
        return choices

    async def record(self, what: Happening, caller: Caller) -> Choices:
        """Record a choice that was decided on what `read` returned; raises Conflict when another came in between."""
        choices: Choices = self._choices(caller.user)
        expect = Expect(filter=events.of_noun(NOUN, caller.user), sequence=choices.sequence)
        await self._bus.journal.append(events.happened(what, caller), expect=expect)
        return await self.read(caller.user)

    async def choose(self, what: Happening, caller: Caller) -> Choices:
        """Record a choice that holds whatever else is chosen."""
        await self._bus.journal.append(events.happened(what, caller))
        return await self.read(caller.user)
