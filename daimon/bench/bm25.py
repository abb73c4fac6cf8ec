"""BM25 (Robertson and Zaragoza 2009) over plain words, and rank fusion: what search is measured against."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

K1, B = 1.2, 0.75
FUSION = 60


class Bm25:
    """A ranking of texts by their words."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(words(text)) for text in texts]
        lengths = [counted.total() for counted in counts]
        mean = sum(lengths) / max(len(lengths), 1)
        self._size = len(texts)
        self._found: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        for place, (counted, length) in enumerate(zip(counts, lengths, strict=True)):
            for word, count in counted.items():
                self._found[word].append((place, count * (K1 + 1) / (count + K1 * (1 - B + B * length / mean))))

    def ranking(self, query: str) -> list[int]:
        """Return the places of the texts that have a word of the query, best first."""
        scores: defaultdict[int, float] = defaultdict(float)
        for word in set(words(query)):
            found = self._found.get(word, [])
            rarity = math.log(1 + (self._size - len(found) + 0.5) / (len(found) + 0.5))
            for place, weight in found:
                scores[place] += rarity * weight
        return sorted(scores, key=lambda place: -scores[place])


def words(text: str) -> list[str]:
    """Split a text into words, without regard to capitals."""
    return re.findall(r"\w+", text.lower())


def fused(rankings: Iterable[Sequence[str]]) -> list[str]:
    """Fuse rankings by reciprocal rank (Cormack, Clarke and Büttcher 2009)."""
    scores: defaultdict[str, float] = defaultdict(float)
    for ranking in rankings:
        for place, name in enumerate(ranking, start=1):
            scores[name] += 1 / (FUSION + place)
    return sorted(scores, key=lambda name: -scores[name])
