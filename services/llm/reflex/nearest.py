"""Choosing the action whose phrasings mean most nearly what was said, or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import mul
from typing import Final

import msgspec

from services.llm.reflex.grammar import Grammar, neutral
from services.llm.reflex.openings import opening
from services.llm.reflex.phrases import Match

# Calibrated on tests/unit/llm/reflex_cases.json; the test beside it holds what is done to 97 % right.
WHOLE: Final = 0.85
"""Least similarity for an action without slots: the whole sentence has to mean it."""
FILLED: Final = 0.72
"""Least similarity where a phrasing's end stands in the sentence too."""
MARGIN: Final = 0.06
"""Least distance to the next best action."""


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """What could be meant, and how near it is to how that is usually said."""

    match: Match
    score: float


def examples(menu: Grammar) -> dict[str, tuple[str, ...]]:
    """By action: its phrasings with `something` in their slots."""
    found: dict[str, dict[str, None]] = {}
    for template in menu.templates:
        found.setdefault(template.action, {})[neutral(template.phrasing)] = None
    return {action: tuple(texts) for action, texts in found.items()}


def comparable(said: str, texts: Iterable[str]) -> list[str]:
    """Those phrasings that open as what was said does."""
    wanted = opening(said)
    return [text for text in texts if opening(text) == wanted]


def score(
    said: str, could_be: Iterable[Match], known: Mapping[str, Sequence[str]], vectors: Mapping[str, Sequence[float]]
) -> list[Scored]:
    """Score each match by the nearest phrasing of its action, best first; `vectors` has every text used here."""
    scored = []
    for match in could_be:
        near = [cosine(vectors[match.neutral], vectors[text]) for text in comparable(said, known[match.action])]
        if near:
            scored.append(Scored(match=match, score=max(near)))
    return sorted(scored, key=lambda each: -each.score)


def choose(scored: Sequence[Scored]) -> Match | None:
    """The best one, where it is good enough and no other action is nearly as good."""
    if not scored:
        return None
    best = scored[0]
    others = (each.score for each in scored if each.match.action != best.match.action)
    enough = FILLED if best.match.arguments else WHOLE
    return best.match if best.score >= enough and best.score - max(others, default=0.0) >= MARGIN else None


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """Similarity of two vectors of length 1."""
    return float(sum(map(mul, one, other)))
