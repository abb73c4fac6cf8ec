"""What a person chooses about answers: instructions, the content filter, their worth, whether one begins unasked."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from proto.base import Call, Nothing
from proto.events import Happening, Inverse

Job = Literal["system", "command", "title", "summary"]
"""What an instruction is for."""
Worth = Literal["up", "down", "none"]
TEXT_LIMIT = 20_000
PATTERN_LIMIT = 200


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of an instruction."""

    job: Job
    number: int
    """0 is the text that Daimon comes with."""
    text: str
    used: bool = False
    """Whether it is the one in use."""


class Instructions(msgspec.Struct, frozen=True, kw_only=True):
    """Every version of every instruction."""

    versions: tuple[Version, ...]


class EditInstruction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Give an instruction a new text, which is a new version and in use from the next answer on."""

    job: Job
    text: Annotated[str, Meta(min_length=1, max_length=TEXT_LIMIT)]


class UseInstruction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Go back to a version of an instruction, or on to one."""

    job: Job
    number: Annotated[int, Meta(ge=0)]


class VersionCount(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the answers that were given under one version."""

    job: Job
    number: int
    answers: int
    """Of the title's versions, the titles that were made."""
    failed: int
    up: int
    down: int
    """Of the title's versions, the titles that a person replaced."""
    steps: float
    """Calls of the model, on average."""
    tokens: float
    """Of the answer, on average."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """The versions of instructions compared."""

    counts: tuple[VersionCount, ...]


class Rate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Say what an answer was worth."""

    turn: Annotated[str, Meta(min_length=1, max_length=100)]
    worth: Worth


class Pattern(msgspec.Struct, frozen=True, kw_only=True):
    """Words that are held back, however they are capitalised."""

    name: Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[\w -]+$")]
    """What is shown in their place."""
    words: Annotated[str, Meta(min_length=2, max_length=PATTERN_LIMIT)]


class Filter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is held back before it is shown, and before an action runs with it; empty holds nothing back."""

    patterns: Annotated[tuple[Pattern, ...], Meta(max_length=100)] = ()


class Waking(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether the assistant speaks by itself when a job ends that it began."""

    on: bool = True


class InstructionEdited(Happening, frozen=True, kw_only=True):
    """An instruction has a new version."""

    kind: ClassVar[str] = "choice.instruction"
    job: Job
    number: int
    text: str
    before: int | None = None
    """The version that was in use; None where that was not written down."""

    def inverse(self) -> Inverse | None:
        return _use(self.job, self.before)

    def sentence(self) -> str:
        return f"Wrote version {self.number} of the {self.job} instruction"


class VersionUsed(Happening, frozen=True, kw_only=True):
    """Another version of an instruction is in use."""

    kind: ClassVar[str] = "choice.version"
    job: Job
    number: int
    before: int | None = None

    def inverse(self) -> Inverse | None:
        return _use(self.job, self.before)

    def sentence(self) -> str:
        return f"Uses version {self.number} of the {self.job} instruction from now on"


class Rated(Happening, frozen=True, kw_only=True):
    """Somebody said what an answer was worth."""

    kind: ClassVar[str] = "choice.rating"
    turn: str
    worth: Worth
    before: Worth | None = None

    def inverse(self) -> Inverse | None:
        if self.before is None:
            return None
        return Inverse(call=RATE, request=Rate(turn=self.turn, worth=self.before), thing=f"rating {self.turn}")

    def sentence(self) -> str:
        return {"up": "Found an answer good", "down": "Found an answer bad", "none": "Took a rating back"}[self.worth]


class FilterSet(Happening, frozen=True, kw_only=True):
    """The content filter was changed."""

    kind: ClassVar[str] = "choice.filter"
    patterns: tuple[Pattern, ...]
    before: tuple[Pattern, ...] | None = None

    def inverse(self) -> Inverse | None:
        if self.before is None:
            return None
        return Inverse(call=SET_FILTER, request=Filter(patterns=self.before), thing="content filter")

    def sentence(self) -> str:
        names = ", ".join(pattern.name for pattern in self.patterns)
        return f"The content filter holds back: {names}" if names else "The content filter is off"


class WakingSet(Happening, frozen=True, kw_only=True):
    """Whether the assistant speaks unasked was chosen."""

    kind: ClassVar[str] = "choice.waking"
    on: bool
    before: bool | None = None

    def inverse(self) -> Inverse | None:
        if self.before is None:
            return None
        return Inverse(call=SET_WAKING, request=Waking(on=self.before), thing="waking")

    def sentence(self) -> str:
        return f"The assistant {'speaks by itself' if self.on else 'waits to be asked'} when a job of its ends"


class HeldBack(Happening, frozen=True, kw_only=True):
    """The content filter held something back; what it was is not said."""

    kind: ClassVar[str] = "filter.held"
    turn: str
    name: str
    where: Literal["answer", "thought", "action"]

    def sentence(self) -> str:
        place = {"answer": "in an answer", "thought": "in a thought", "action": "before an action ran"}[self.where]
        return f"The content filter held back '{self.name}' {place}"


def _use(job: Job, before: int | None) -> Inverse | None:
    if before is None:
        return None
    return Inverse(call=USE, request=UseInstruction(job=job, number=before), thing=f"instruction {job}")


INSTRUCTIONS = Call("daimon.own.{user}.choice.instructions", Nothing, Instructions)
EDIT = Call("daimon.own.{user}.choice.edit", EditInstruction, Version)
USE = Call("daimon.own.{user}.choice.use", UseInstruction, Version)
COUNTS = Call("daimon.own.{user}.memory.counts", Nothing, Counts)
RATE = Call("daimon.own.{user}.choice.rate", Rate, Rate)
FILTER = Call("daimon.own.{user}.choice.filter", Nothing, Filter)
SET_FILTER = Call("daimon.own.{user}.choice.set_filter", Filter, Filter)
WAKING = Call("daimon.own.{user}.choice.waking", Nothing, Waking)
SET_WAKING = Call("daimon.own.{user}.choice.set_waking", Waking, Waking)
CALLS = (INSTRUCTIONS, EDIT, USE, RATE, FILTER, SET_FILTER, WAKING, SET_WAKING)
COUNTED = (COUNTS,)
"""What memory answers, because it counts over all of the log."""
INVERSES = (USE, RATE, SET_FILTER, SET_WAKING)
KINDS: tuple[type[Happening], ...] = (InstructionEdited, VersionUsed, Rated, FilterSet, WakingSet, HeldBack)
