"""How well an event fits a query: by words, by meaning, by its surroundings and by its age. No IO."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

MEANING = 0.6
"""What likeness counts against the words."""
UNLIKE = 0.2
"""Likeness (cosine) below which two texts have nothing to do with each other, as MiniLM measures it."""
STRENGTH = 2.0
"""The power that lets one event that fits well count for more than several that fit a little."""
LENT = (0.7, 0.5, 0.3)
"""What an event in a conversation gets of the score of what is 1, 2 and 3 places before it: answers follow."""
LENT_BACK = (0.4, 0.3, 0.2)
"""The same of what comes after it."""
RECENT = 0.02
"""What being new is worth at most: it decides between equals."""
HALF = 7.0
"""Days after which it is worth half."""
NEW = 1.0
"""Days for which an event is called recent."""

Why = Literal["words", "meaning", "near", "recent"]
Place = tuple[float, int]
"""A score, and the event that has it: the later one of two that are equal stands before the other."""


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """How an event fits by itself."""

    sequence: int
    time: datetime
    in_conversation: bool
    coverage: float
    """The share of the query's words that it has, by what they say: 0 to about 1."""
    likeness: float
    """The cosine between its meaning and the query's."""
    found: bool = True
    """Whether it may be a hit; what a filter leaves out may still stand beside one."""

    @property
    def own(self) -> float:
        """Its score by itself."""
        fits: float = (self.coverage + MEANING * max(0.0, self.likeness - UNLIKE)) ** STRENGTH
        return fits


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """Two events of one conversation, and how many places lie between them."""

    beside: int
    sequence: int
    step: int


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """An event's place."""

    sequence: int
    score: float
    why: tuple[Why, ...]


def rank(
    weighed: Mapping[int, Weighed],
    pairs: Iterable[Beside],
    now: datetime,
    *,
    below: Place | None = None,
    limit: int | None = None,
) -> list[Ranked]:
    """Rank events, best first: what each says itself, what stands around it, and a little its age."""
    around = lent(weighed, pairs)
    places = [
        (one.own + around[sequence] + RECENT * math.exp2(-_days(one, now) / HALF), sequence)
        for sequence, one in weighed.items()
        if one.found and (one.coverage > 0 or one.likeness > UNLIKE or around[sequence] > 0)
    ]
    places.sort(reverse=True)
    page = [place for place in places if below is None or place < below][:limit]
    return [
        Ranked(sequence=sequence, score=score, why=_why(weighed[sequence], around[sequence], now))
        for score, sequence in page
    ]


def lent(weighed: Mapping[int, Weighed], pairs: Iterable[Beside]) -> defaultdict[int, float]:
    """What each event gets from those around it; a pair counts once, however often it is named."""
    scores: defaultdict[int, float] = defaultdict(float)
    steps = {(min(pair.beside, pair.sequence), max(pair.beside, pair.sequence)): pair.step for pair in pairs}
    for (earlier, later), step in steps.items():
        if earlier in weighed and later in weighed:
            scores[later] += LENT[step - 1] * weighed[earlier].own
            scores[earlier] += LENT_BACK[step - 1] * weighed[later].own
    return scores


def strongest(weighed: Iterable[Weighed], most: int) -> Sequence[int]:
    """The events of conversations whose surroundings are worth a look."""
    spoken = [one for one in weighed if one.in_conversation]
    return [one.sequence for one in sorted(spoken, key=lambda one: -one.own)[:most]]


def _days(one: Weighed, now: datetime) -> float:
    return max(0.0, (now - one.time).total_seconds() / 86400)


def _why(one: Weighed, around: float, now: datetime) -> tuple[Why, ...]:
    fits: list[Why] = []
    if one.coverage > 0:
        fits.append("words")
    if one.likeness > UNLIKE:
        fits.append("meaning")
    if around > 0:
        fits.append("near")
    if _days(one, now) < NEW:
        fits.append("recent")
    return tuple(fits)
