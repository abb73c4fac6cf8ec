"""The words of a query: what each of them says, and which of them events are fetched by."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from services.memory.sampling import Frequency, Sample, fetching, rarity

SENTENCE = 4
"""Words from which on a query is a sentence."""
MOST = 16
"""Words of a query that count: those that say most. The statements have a place for each."""
FETCHES = 8
"""Places that the statements have for what events are fetched by."""

_MINUS = re.compile(r"(?:^|\s)-\w")
_QUOTED = re.compile(r'"[^"]+"')


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for."""

    terms: tuple[str, ...] = ()
    """Each word, as Postgres writes it in a query, the rarest first."""
    weights: tuple[float, ...] = ()
    """What each says of all that the query says; together 1."""
    fetch: tuple[str, ...] = ()
    """An event must fit one of these."""
    strict: str | None = None
    """What it must fit in any case, because the query excludes words or holds some together."""
    asks: bool = False
    """Whether this is a question rather than some words to look up."""

    @property
    def any(self) -> str | None:
        """What has any of the words, or fits the query where that is strict."""
        return self.strict or " | ".join(self.terms) or None

    @property
    def values(self) -> dict[str, object]:
        """The words and what each says, in the places of the statements."""
        terms = dict(zip(places("term", MOST), _filled(self.terms, MOST), strict=True))
        weights = dict(zip(places("weight", MOST), _filled(self.weights, MOST), strict=True))
        return {**terms, **weights, "strict": self.strict}

    @property
    def fetches(self) -> dict[str, object]:
        """What to fetch by, in the places of the statements."""
        return dict(zip(places("fetch", FETCHES), _filled(self.fetch, FETCHES), strict=True))


def places(name: str, count: int) -> list[str]:
    """Name the places of a statement."""
    return [f"{name}{number}" for number in range(1, count + 1)]


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


def weighed(words: Sequence[Frequency], sample: Sample, strict: str | None = None) -> Terms:
    """Weigh words by how rare they are, and choose what events are fetched by."""
    size = max(sample.size, *(one.says for one in words))
    rarest = sorted(words, key=lambda one: one.says)[:MOST]
    says = [rarity(one.says, size) for one in rarest]
    total = sum(says) or 1.0
    return Terms(
        terms=tuple(literal(one.word) for one in rarest),
        weights=tuple(one / total for one in says),
        fetch=(strict,) if strict else written(fetching(rarest, sample)),
        strict=strict,
    )


def written(chosen: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Write what to fetch by as queries: single words as one, of the others as many as there are places for."""
    alone = " | ".join(literal(some[0]) for some in chosen if len(some) == 1)
    together = [" & ".join(map(literal, some)) for some in chosen if len(some) > 1]
    return tuple([alone, *together] if alone else together)[:FETCHES]


def _filled(values: Sequence[object], count: int) -> list[object]:
    return [*values, *[None] * (count - len(values))]
