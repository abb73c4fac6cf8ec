"""The content filter: holds words back out of a text that streams, also where they come in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from proto.choices import Pattern

MARK = "[held back: {0}]"


class Strainer:
    """One text that streams; what is shown of it is without what is held back."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._patterns = [(folded(pattern.words), pattern.name) for pattern in patterns]
        self._kept = ""
        """The end of what came, where it may be the beginning of something held back."""
        self.caught: list[str] = []
        """Names of what was held back, in order."""

    def feed(self, piece: str) -> str:
        """Take the next piece; return what can be shown now."""
        if not self._patterns:
            return piece
        self._kept += piece
        shown = ""
        while found := first(self._kept, self._patterns):
            start, length, name = found
            self.caught.append(name)
            shown += self._kept[:start] + MARK.format(name)
            self._kept = self._kept[start + length :]
        keep = self._begun()
        shown += self._kept[: len(self._kept) - keep]
        self._kept = self._kept[len(self._kept) - keep :]
        return shown

    def end(self) -> str:
        """Nothing follows: return what waited."""
        kept, self._kept = self._kept, ""
        return kept

    def _begun(self) -> int:
        """How many characters at the end may become something held back: fewer than its own length."""
        text = folded(self._kept)
        longest = min(len(text), max(len(words) for words, _ in self._patterns) - 1)
        for size in range(longest, 0, -1):
            end = text[-size:]
            if any(words.startswith(end) for words, _ in self._patterns):
                return size
        return 0


def strained(text: str, patterns: Sequence[Pattern]) -> str:
    """A whole text without what is held back."""
    strainer = Strainer(patterns)
    return strainer.feed(text) + strainer.end()


def caught(arguments: str, patterns: Sequence[Pattern]) -> str:
    """Name what of the filter stands in the arguments of a call, given as JSON; empty when nothing does."""
    if not patterns:
        return ""
    known = [(folded(pattern.words), pattern.name) for pattern in patterns]
    found = (first(text, known) for text in _texts(msgspec.json.decode(arguments)))
    return next((each[2] for each in found if each), "")


def first(text: str, patterns: Iterable[tuple[str, str]]) -> tuple[int, int, str] | None:
    """Where the first of these words stand in a text, how long they are and what they are called."""
    whole = folded(text)
    places = [(whole.find(words), len(words), name) for words, name in patterns]
    return min((place for place in places if place[0] >= 0), key=lambda place: (place[0], -place[1]), default=None)


def folded(text: str) -> str:
    """The text in small letters, character for character."""
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _texts(name)
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
