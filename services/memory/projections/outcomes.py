"""What came of each version of the instructions: sums over answers, titles and what people found of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from proto import chat, choices, titles
from services.memory.entries import Entry
from services.memory.store import Session, by_column

KINDS = (chat.Answered, titles.Titled, choices.Rated)


class Outcome(msgspec.Struct, kw_only=True):
    """What some answers add to what came of a version."""

    user: str
    job: str
    number: int
    answers: int = 0
    failed: int = 0
    steps: int = 0
    tokens: int = 0

    def add(self, answer: chat.Answered) -> None:
        """Count one more."""
        self.answers += 1
        self.failed += answer.outcome == "failed"
        self.steps += answer.steps
        self.tokens += answer.answer_tokens


class Naming(msgspec.Struct, kw_only=True):
    """What some events say of a conversation's title."""

    user: str
    conversation: str
    version: int | None = None
    """Of the instruction that the model made it under."""
    replaced: str = "false"
    """Whether a person chose one, as Postgres reads it."""


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer was found worth."""

    user: str
    turn: str
    worth: str


async def project(session: Session, entries: Sequence[Entry]) -> None:
    """Add what these events say."""
    if outcomes := summed(entries):
        columns = ("user", "job", "number", "answers", "failed", "steps", "tokens")
        await session.run("add_outcomes", **by_column(outcomes, *columns))
    if namings := named(entries):
        await session.run("save_namings", **by_column(namings, "user", "conversation", "version", "replaced"))
    if ratings := rated(entries):
        await session.run("save_ratings", **by_column(ratings, "user", "turn", "worth"))


def summed(entries: Iterable[Entry]) -> list[Outcome]:
    """Sum up the answers under each version; of the summary's, those that were given on a summary."""
    found: dict[tuple[str, str, int], Outcome] = {}
    for entry in entries:
        if isinstance(entry.happening, chat.Answered):
            for job, number in entry.happening.instructions.items():
                fresh = Outcome(user=entry.user, job=job, number=number)
                found.setdefault((entry.user, job, number), fresh).add(entry.happening)
    return list(found.values())


def named(entries: Iterable[Entry]) -> list[Naming]:
    """Under which version each title was made, and which of them a person replaced."""
    found: dict[tuple[str, str], Naming] = {}
    for entry in entries:
        if isinstance(entry.happening, titles.Titled):
            fresh = Naming(user=entry.user, conversation=entry.conversation)
            naming = found.setdefault((entry.user, entry.conversation), fresh)
            if entry.happening.version is not None:
                naming.version = entry.happening.version
            if entry.actor == "user":
                naming.replaced = "true"
    return list(found.values())


def rated(entries: Iterable[Entry]) -> list[Rating]:
    """What each answer was found worth last."""
    found = {
        (entry.user, entry.happening.turn): Rating(
            user=entry.user, turn=entry.happening.turn, worth=entry.happening.worth
        )
        for entry in entries
        if isinstance(entry.happening, choices.Rated)
    }
    return list(found.values())
