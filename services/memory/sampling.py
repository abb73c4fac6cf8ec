"""A sample of a user's log, kept in memory: how common words are, and which of them go together. No IO."""

from __future__ import annotations

import itertools
import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

MATCHES = 600
"""So many events are fetched by words and compared."""
SCANNED = 30_000
"""Words that more events have are fetched with others only: their list alone takes too long to read."""
LONGEST = 200_000
"""Words that more events have are not fetched by at all: what they say is not worth passing through their list."""
TOGETHER = 4
"""Most common words that are fetched together."""
COMMON = 6
"""Most common words that are looked at in all combinations, the rarest of them."""
DEPENDENT = 3.0
"""How much oftener than by chance words of one query stand together, where the sample has none."""


class Frequency(msgspec.Struct, frozen=True, kw_only=True):
    """How common a word is."""

    word: str
    matches: int
    """Texts that are fetched by it."""
    says: int
    """Those of them that are not hidden: the fewer, the more it says."""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text of a sample."""

    words: list[str]
    hidden: bool = False
    """Whether it is of a kind that is only found when asked for: its words count for nothing, but it is fetched."""


class Sample:
    """Some of a log's texts, each as the words it has."""

    def __init__(self, size: int, texts: Iterable[Text]) -> None:
        """`size` is how many texts the log has."""
        self._having: defaultdict[str, array[int]] = defaultdict(lambda: array("H"))
        self._sets: dict[str, int] = {}
        self._hidden = 0
        self.taken = 0
        for number, text in enumerate(texts):
            self.taken = number + 1
            self._hidden |= text.hidden << number
            for word in text.words:
                self._having[word].append(number)
        self.size = max(size, self.taken)

    @property
    def scale(self) -> float:
        """How many texts of the log one of the sample stands for."""
        return self.size / max(self.taken, 1)

    def seen(self, word: str) -> int:
        """In how many texts of the sample a word is."""
        return len(self._having[word]) if word in self._having else 0

    def seen_openly(self, word: str) -> int:
        """The same of those that are not hidden."""
        return (self.having(word) & ~self._hidden).bit_count()

    def having(self, word: str) -> int:
        """Those texts, as the bits of a number."""
        if word not in self._sets:
            bits = bytearray(self.taken // 8 + 1)
            for number in self._having.get(word, ()):
                bits[number >> 3] |= 1 << (number & 7)
            self._sets[word] = int.from_bytes(bits, "little")
        return self._sets[word]


def fetching(words: Sequence[Frequency], sample: Sample) -> list[tuple[str, ...]]:
    """Choose by which words, or words together, to fetch: those that say most, as long as not too many events match."""
    rarest = sorted(words, key=lambda one: one.matches)
    alone = _within(rarest)
    # What only hidden texts say fetches nothing that is shown, and may be in a fifth of the log.
    shown = [one for one in rarest if one.says] or rarest
    common = [one for one in shown if one not in alone][:COMMON]
    chosen: list[tuple[str, ...]] = [(one.word,) for one in alone]
    chosen += _together(common, sample, MATCHES - sum(one.matches for one in alone))
    return chosen or [tuple(one.word for one in shown[:TOGETHER])]


def rarity(count: int, size: int) -> float:
    """What a word says that so many of all have: the idf of BM25."""
    return math.log(1 + (size - count + 0.5) / (count + 0.5))


def _within(rarest: Sequence[Frequency]) -> list[Frequency]:
    """Take words from the front as long as not too many events have one."""
    sums = itertools.accumulate(one.matches for one in rarest)
    return [one for one, total in zip(rarest, sums, strict=True) if total <= MATCHES // 2]


def _together(words: Sequence[Frequency], sample: Sample, left: float) -> list[tuple[str, ...]]:
    """Choose combinations, those that say most first."""
    sets = [some for most in range(1, TOGETHER + 1) for some in itertools.combinations(words, most)]
    says = {one.word: rarity(one.says, sample.size) for one in words}
    sets.sort(key=lambda some: -sum(says[one.word] for one in some))
    taken: list[frozenset[str]] = []
    union, unseen = 0, 0.0
    for some in sets:
        both = _having(some, sample)
        guessed = 0.0 if both else _by_chance(some, sample)
        few = (union | both).bit_count() * sample.scale + unseen + guessed <= left
        if few and some[0].matches <= SCANNED and some[-1].matches <= LONGEST:
            taken.append(frozenset(one.word for one in some))
            union |= both
            unseen += guessed
    return [tuple(sorted(some)) for some in taken if not any(other < some for other in taken)]


def _having(some: Sequence[Frequency], sample: Sample) -> int:
    both = -1
    for one in some:
        both &= sample.having(one.word)
    return both


def _by_chance(some: Sequence[Frequency], sample: Sample) -> float:
    if len(some) == 1:
        return some[0].matches
    shares = (one.matches / max(sample.size, 1) for one in some)
    return min(sample.size * math.prod(shares) * DEPENDENT, sample.scale)
