"""What came of each version of the instructions: pure counts over what the log has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

import msgspec

from proto.chat import Answered
from proto.choices import Job, VersionCount, Worth


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one answer."""

    turn: str
    instructions: Mapping[str, int]
    """The version of each instruction that it was given under."""
    failed: bool
    steps: int
    tokens: int

    @classmethod
    def of(cls, answer: Answered) -> Outcome:
        """Return what is counted of an answer."""
        return cls(
            turn=answer.turn,
            instructions=answer.instructions,
            failed=answer.outcome == "failed",
            steps=answer.steps,
            tokens=answer.answer_tokens,
        )


class Naming(msgspec.Struct, frozen=True, kw_only=True):
    """One title that a conversation got."""

    conversation: str
    by_user: bool
    version: int | None
    """Of the instruction it was made under; None where no model made it."""


def answers(given: Iterable[Outcome], ratings: Mapping[str, Worth]) -> Iterator[VersionCount]:
    """Count the answers that were given under each version; of the summary's, those that were given on a summary."""
    under: dict[tuple[Job, int], list[Outcome]] = defaultdict(list)
    for answer in given:
        for job, number in answer.instructions.items():
            under[cast("Job", job), number].append(answer)
    return (_count(job, number, under[job, number], ratings) for job, number in sorted(under))


def titles(given: Sequence[Naming]) -> Iterator[VersionCount]:
    """Count the titles that were made under each version; one that a person replaced counts as found bad."""
    replaced = {naming.conversation for naming in given if naming.by_user}
    under: dict[int, list[bool]] = defaultdict(list)
    for naming in given:
        if naming.version is not None:
            under[naming.version].append(naming.conversation in replaced)
    return (
        VersionCount(job="title", number=number, answers=len(bad), failed=0, up=0, down=sum(bad), steps=1, tokens=0)
        for number, bad in sorted(under.items())
    )


def _count(job: Job, number: int, given: Sequence[Outcome], ratings: Mapping[str, Worth]) -> VersionCount:
    worths = [ratings.get(answer.turn) for answer in given]
    return VersionCount(
        job=job,
        number=number,
        answers=len(given),
        failed=sum(answer.failed for answer in given),
        up=worths.count("up"),
        down=worths.count("down"),
        steps=_mean(answer.steps for answer in given),
        tokens=_mean(answer.tokens for answer in given),
    )


def _mean(numbers: Iterable[int]) -> float:
    found = list(numbers)
    return round(sum(found) / len(found), 1) if found else 0.0
