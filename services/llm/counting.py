"""What came of each version of the instructions: pure counts over what the log has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from proto.chat import Answered
from proto.choices import Job, VersionCount, Worth
from proto.events import Event
from proto.titles import Titled


def answers(given: Iterable[tuple[Event, Answered]], ratings: Mapping[str, Worth]) -> Iterator[VersionCount]:
    """Count the answers that were given under each version; of the summary's, those that were given on a summary."""
    under: dict[tuple[Job, int], list[Answered]] = defaultdict(list)
    for _, answer in given:
        for job, number in answer.instructions.items():
            under[cast("Job", job), number].append(answer)
    return (_count(job, number, under[job, number], ratings) for job, number in sorted(under))


def titles(given: Sequence[tuple[Event, Titled]]) -> Iterator[VersionCount]:
    """Count the titles that were made under each version; one that a person replaced counts as found bad."""
    replaced = {event.conversation for event, _ in given if event.actor == "user"}
    under: dict[int, list[bool]] = defaultdict(list)
    for event, titled in given:
        if titled.version is not None:
            under[titled.version].append(event.conversation in replaced)
    return (
        VersionCount(job="title", number=number, answers=len(bad), failed=0, up=0, down=sum(bad), steps=1, tokens=0)
        for number, bad in sorted(under.items())
    )


def _count(job: Job, number: int, given: Sequence[Answered], ratings: Mapping[str, Worth]) -> VersionCount:
    worths = [ratings.get(answer.turn) for answer in given]
    return VersionCount(
        job=job,
        number=number,
        answers=len(given),
        failed=sum(answer.outcome == "failed" for answer in given),
        up=worths.count("up"),
        down=worths.count("down"),
        steps=_mean(answer.steps for answer in given),
        tokens=_mean(answer.answer_tokens for answer in given),
    )


def _mean(numbers: Iterable[int]) -> float:
    found = list(numbers)
    return round(sum(found) / len(found), 1) if found else 0.0
