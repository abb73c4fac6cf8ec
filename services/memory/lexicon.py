"""What is known of the words in users' logs, learned again from time to time."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import msgspec

from services.memory.sampling import Frequency, Sample, Text
from services.memory.store import Session
from services.memory.terms import Terms, is_question, is_strict, literal, weighed

SAMPLED = 4000
"""Texts of a sample."""
SEEN = 3
"""Words that fewer texts of the sample have are counted in the log itself."""
COUNTED = 200
"""Up to here."""
KEPT_LEAST, KEPT_MOST = 5.0, 600.0
"""Seconds for which a sample is good enough: the smaller the log, the more each new text changes it."""
KEPT_PER_TEXT = 0.01
MOST_KEPT = 20_000
USERS_KEPT = 100


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """A query as Postgres reads it."""

    lexemes: list[str]
    strict: str
    """The query itself where it excludes words or holds some together; else empty."""


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How many there are."""

    count: int


class TermCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many events have a word."""

    term: str
    count: int


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """A sample, and the counts of what is too rare for it."""

    sample: Sample
    until: float
    counts: dict[str, int]


class Lexicon:
    """What is known of the words in users' logs."""

    def __init__(self, hidden: Sequence[str]) -> None:
        self._hidden = list(hidden)
        """Kinds that do not count: a question is no more frequent for being asked often."""
        self._learned: dict[str, Learned] = {}

    async def read(self, session: Session, user: str, query: str) -> Terms:
        """Parse a query and weigh its words."""
        (parsed,) = await session.fetch(Parsed, "parse", user=user, query=query)
        return await self.weigh(session, user, query, parsed)

    async def weigh(self, session: Session, user: str, query: str, parsed: Parsed) -> Terms:
        """Weigh the words of a query that was parsed."""
        asks = is_question(query)
        if not parsed.lexemes:
            return Terms(asks=asks)
        learned = await self._learn(session, user)
        counted = await self._counted(session, user, parsed.lexemes, learned)
        frequencies = [frequency(word, counted.get(word), learned.sample) for word in parsed.lexemes]
        strict = parsed.strict if is_strict(query) else ""
        return msgspec.structs.replace(weighed(frequencies, learned.sample, strict or None), asks=asks)

    async def size(self, session: Session, user: str) -> int:
        """How many texts a user's log has, as far as is known."""
        return (await self._learn(session, user)).sample.size

    async def measure(self, session: Session, user: str) -> int:
        """How many texts there are."""
        (size,) = await session.fetch(Count, "size_of_log", user=user)
        return size.count

    async def sample(self, session: Session, user: str, size: int) -> list[Text]:
        """Some of them, from all times; all where they are few."""
        if size <= SAMPLED:
            return await session.fetch(Text, "whole_log", user=user, hidden=self._hidden, sampled=SAMPLED)
        return await session.fetch(Text, "sample_of_log", user=user, hidden=self._hidden, sampled=SAMPLED)

    async def count(self, session: Session, user: str, terms: Sequence[str]) -> list[TermCount]:
        """How many texts have each of some rare words."""
        values = {"terms": list(map(literal, terms)), "counted": COUNTED}
        return await session.fetch(TermCount, "count_terms", user=user, **values)

    async def _learn(self, session: Session, user: str) -> Learned:
        known = self._learned.get(user)
        now = time.monotonic()
        if known is not None and known.until > now:
            return known
        if known is not None:
            # Whoever asks meanwhile is answered by what is known.
            self._learned[user] = msgspec.structs.replace(known, until=now + KEPT_LEAST)
        size = await self.measure(session, user)
        sample = Sample(size, await self.sample(session, user, size))
        kept = min(max(size * KEPT_PER_TEXT, KEPT_LEAST), KEPT_MOST)
        learned = Learned(sample=sample, until=time.monotonic() + kept, counts={})
        if len(self._learned) >= USERS_KEPT:
            self._learned.clear()
        self._learned[user] = learned
        return learned

    async def _counted(self, session: Session, user: str, words: Sequence[str], learned: Learned) -> Mapping[str, int]:
        """Count what the sample has too little of."""
        sample, counts = learned.sample, learned.counts
        unknown = [word for word in words if sample.seen(word) < SEEN and word not in counts]
        if len(counts) + len(unknown) > MOST_KEPT:
            counts.clear()
        if unknown:
            counted = await self.count(session, user, unknown)
            counts |= {word: one.count for word, one in zip(unknown, counted, strict=True)}
        return counts


def frequency(word: str, counted: int | None, sample: Sample) -> Frequency:
    """Say how common a word is: as it was counted, or else as the sample has it."""
    if counted is not None and counted <= COUNTED:
        return Frequency(word=word, matches=counted, says=counted)
    least = counted or 0
    return Frequency(
        word=word,
        matches=max(least, round(sample.seen(word) * sample.scale)),
        says=max(least, round(sample.seen_openly(word) * sample.scale)),
    )


class LibraryLexicon(Lexicon):
    """What is known of words in users' documents."""

    def __init__(self) -> None:
        super().__init__(())

    async def measure(self, session: Session, user: str) -> int:
        """How many passages there are."""
        (size,) = await session.fetch(Count, "size_of_library", user=user)
        return size.count

    async def sample(self, session: Session, user: str, size: int) -> list[Text]:  # noqa: ARG002
        """Some of them."""
        return await session.fetch(Text, "sample_of_library", user=user, sampled=SAMPLED)

    async def count(self, session: Session, user: str, terms: Sequence[str]) -> list[TermCount]:
        """How many passages have each word."""
        values = {"terms": list(map(literal, terms)), "counted": COUNTED}
        return await session.fetch(TermCount, "count_library_terms", user=user, **values)
