"""The words of a query: which of them say much, because few events have them."""

from __future__ import annotations

import itertools
import math
import re
import time
from collections.abc import Mapping, Sequence

import msgspec

from services.memory.store import Session

EXACTLY = 400
"""Up to here a word's events are counted; beyond they are estimated."""
SAMPLE = 2000
"""The newest events that an estimate is made from."""
KEPT = 300.0
"""Seconds for which a count is good enough, in a log of some size."""
SMALL = 10_000
"""Up to so many texts counts are made anew every few seconds: each new one may change them much."""
KEPT_SMALL = 5.0
MOST_KEPT = 20_000
SENTENCE = 4
"""Words from which on a query is a sentence."""
MATCHES = 1500
"""Up to so many events are fetched by single words, the rarest first; common words fetch them in pairs."""

_MINUS = re.compile(r"(?:^|\s)-\w")
_QUOTED = re.compile(r'"[^"]+"')


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


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for."""

    terms: tuple[str, ...] = ()
    """Each word, as Postgres writes it in a query."""
    weights: tuple[float, ...] = ()
    """What each says of all that the query says; together 1."""
    any: str = ""
    """An event must have one of these words, or two of the common ones."""
    strict: str = ""
    """What it must fit in any case, because the query excludes words or holds some together."""

    asks: bool = False
    """Whether this is a question rather than some words to look up."""


class Lexicon:
    """What is known of words in users' logs, counted again from time to time."""

    def __init__(self, hidden: Sequence[str]) -> None:
        self._hidden = list(hidden)
        """Kinds that do not count: a question is no more frequent for being asked often."""
        self._counts: dict[tuple[str, str], tuple[float, int]] = {}

    async def read(self, session: Session, user: str, query: str) -> Terms:
        """Parse a query and weigh its words."""
        (parsed,) = await session.fetch(Parsed, "parse", query=query)
        asks = is_question(query)
        if not parsed.lexemes:
            return Terms(asks=asks)
        terms = [literal(lexeme) for lexeme in parsed.lexemes]
        size = await self._size(session, user)
        await self._count(session, user, terms, size)
        counts = {term: self._counts[user, term][1] for term in terms}
        return msgspec.structs.replace(weighed(counts, size, parsed.strict if is_strict(query) else ""), asks=asks)

    async def measure(self, session: Session, user: str) -> int:
        """How many texts there are."""
        (size,) = await session.fetch(Count, "size_of_log", user=user, hidden=self._hidden)
        return size.count

    async def count(self, session: Session, user: str, terms: Sequence[str], size: int) -> list[TermCount]:
        """How many texts have each word."""
        bounds = {"exactly": EXACTLY, "sample": SAMPLE, "size": size, "hidden": self._hidden}
        return await session.fetch(TermCount, "count_terms", user=user, terms=list(terms), **bounds)

    async def _size(self, session: Session, user: str) -> int:
        if (user, "") not in self._fresh(user, [""]):
            size = await self.measure(session, user)
            self._keep(user, "", size, size)
        return self._counts[user, ""][1]

    async def _count(self, session: Session, user: str, terms: Sequence[str], size: int) -> None:
        fresh = self._fresh(user, terms)
        unknown = [term for term in terms if (user, term) not in fresh]
        if unknown:
            counted = await self.count(session, user, unknown, size)
            for term, one in zip(unknown, counted, strict=True):
                self._keep(user, term, one.count, size)

    def _fresh(self, user: str, terms: Sequence[str]) -> set[tuple[str, str]]:
        now = time.monotonic()
        keys = ((user, term) for term in terms)
        return {key for key in keys if key in self._counts and self._counts[key][0] > now}

    def _keep(self, user: str, term: str, count: int, size: int) -> None:
        if len(self._counts) >= MOST_KEPT:
            self._counts.clear()
        self._counts[user, term] = (time.monotonic() + (KEPT if size > SMALL else KEPT_SMALL), count)


class LibraryLexicon(Lexicon):
    """What is known of words in users' documents."""

    def __init__(self) -> None:
        super().__init__(())

    async def measure(self, session: Session, user: str) -> int:
        """How many passages there are."""
        (size,) = await session.fetch(Count, "size_of_library", user=user)
        return size.count

    async def count(self, session: Session, user: str, terms: Sequence[str], size: int) -> list[TermCount]:  # noqa: ARG002
        """How many passages have each word."""
        return await session.fetch(TermCount, "count_library_terms", user=user, terms=list(terms))


def is_question(query: str) -> bool:
    """Whether somebody asks in a sentence: then what stands around the words may be the answer."""
    return len(query.split()) >= SENTENCE


def is_strict(query: str) -> bool:
    """Whether a query excludes words, or holds some together by quotes; in a sentence quotes only name something."""
    return bool(_MINUS.search(query)) or (_QUOTED.search(query) is not None and not is_question(_QUOTED.sub("", query)))


def literal(lexeme: str) -> str:
    """Quote a word as one word of a query of Postgres."""
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def weighed(counts: Mapping[str, int], size: int, strict: str = "") -> Terms:
    """Weigh words by how rare they are (the idf of BM25), and choose those that events are fetched by."""
    size = max(size, *counts.values())
    idf = {term: math.log(1 + (size - count + 0.5) / (count + 0.5)) for term, count in counts.items()}
    rarest = sorted(counts, key=lambda term: counts[term])
    total = sum(idf.values()) or 1.0
    return Terms(
        terms=tuple(rarest),
        weights=tuple(idf[term] / total for term in rarest),
        any=strict or " | ".join(fetching(counts, size)),
        strict=strict,
    )


def fetching(counts: Mapping[str, int], size: int) -> list[str]:
    """Choose what events are fetched by: rare words, and pairs of those that alone would fetch half the log."""
    rarest = sorted(counts, key=lambda term: counts[term])
    alone = _within([(term, counts[term]) for term in rarest]) or rarest[:1]
    common = [term for term in rarest if term not in alone]
    together = [
        (f"{one} & {other}", counts[one] * counts[other] // max(size, 1))
        for one, other in itertools.combinations(common, 2)
    ]
    return [*alone, *(f"({pair})" for pair in _within(sorted(together, key=lambda pair: pair[1])))]


def _within(expected: Sequence[tuple[str, int]]) -> list[str]:
    """Take from the front as long as not too much is expected to match."""
    taken, matches = [], 0
    for query, count in expected:
        matches += count
        if matches > MATCHES:
            break
        taken.append(query)
    return taken
