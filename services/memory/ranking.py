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
STRENGTH = 1.5
"""The power that lets one event that fits well count for more than several that fit a little."""
LENT = (0.5, 0.35, 0.2)
"""What an event in a conversation gets of the score of the one 1, 2 and 3 places from it."""
RECENT = 0.02
"""What being new is worth at most: it decides between equals."""
HALF = 7.0
"""Days after which it is worth half."""
NEW = 1.0
"""Days for which an event is called recent."""

Why = Literal["words", "meaning", "near", "recent"]


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


def rank(weighed: Mapping[int, Weighed], pairs: Iterable[Beside], now: datetime) -> list[Ranked]:
    """Rank events, best first: what each says itself, what stands around it, and a little its age."""
    around = lent(weighed, pairs)
    ranked = [_ranked(one, around.get(one.sequence, 0.0), now) for one in weighed.values() if one.found]
    return sorted((one for one in ranked if one.why), key=lambda one: (-one.score, -one.sequence))


def lent(weighed: Mapping[int, Weighed], pairs: Iterable[Beside]) -> Mapping[int, float]:
    """What each event gets from those around it; a pair counts once, however often it is named."""
    scores: defaultdict[int, float] = defaultdict(float)
    steps = {(min(pair.beside, pair.sequence), max(pair.beside, pair.sequence)): pair.step for pair in pairs}
    for (one, other), step in steps.items():
        if one in weighed and other in weighed:
            scores[one] += LENT[step - 1] * weighed[other].own
            scores[other] += LENT[step - 1] * weighed[one].own
    return scores


def strongest(weighed: Iterable[Weighed], most: int) -> Sequence[int]:
    """The events of conversations whose surroundings are worth a look."""
    spoken = [one for one in weighed if one.in_conversation]
    return [one.sequence for one in sorted(spoken, key=lambda one: -one.own)[:most]]


def _ranked(one: Weighed, around: float, now: datetime) -> Ranked:
    days = max(0.0, (now - one.time).total_seconds() / 86400)
    fits: list[Why] = []
    if one.coverage > 0:
        fits.append("words")
    if one.likeness > UNLIKE:
        fits.append("meaning")
    if around > 0:
        fits.append("near")
    if fits and days < NEW:
        fits.append("recent")
    score = one.own + around + RECENT * math.exp2(-days / HALF)
    return Ranked(sequence=one.sequence, score=score, why=tuple(fits))
