"""Choosing from a large menu: the actions that fit what is asked, by meaning and by words."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from services.llm.models.model import Tool
from services.llm.reflex.grammar import neutral
from services.llm.reflex.words import ARTICLES, DETERMINERS, FUNCTION, PRONOUNS

CLAUSES = 6
"""Wishes in one message that are looked at one by one."""
CLAUSE = 300
"""Characters of each."""
WORDS = 0.25
"""What equal words add to nearness in meaning, where all of them are equal."""
EXAMPLES = 6
"""Phrasings of an action that are compared."""
_SPLIT = re.compile(r"[.!?;\n]+|,?\s+(?:and then|then|and also|and|also|after that)\s+", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]{2,}")
_EMPTY = FUNCTION | ARTICLES | DETERMINERS | PRONOUNS


def whole(text: str, limit: int = CLAUSE) -> str:
    """What is asked, as it is embedded."""
    return " ".join(text[: 2 * limit].split())[:limit].rstrip(" .!?;")


def clauses(text: str) -> list[str]:
    """What is asked as a whole, and each wish in it."""
    parts = [part.strip()[:CLAUSE] for part in _SPLIT.split(text)]
    found = dict.fromkeys([whole(text), *(part for part in parts if len(part) > 3)])
    return [clause for clause in found if clause][: CLAUSES + 1]


def texts(tool: Tool) -> tuple[str, ...]:
    """What an action is compared by: its description, its name, and how people ask for it."""
    noun, _, verb = tool.name.replace("_", " ").partition(".")
    return (tool.description[:CLAUSE], f"{verb} {noun}", *map(neutral, tool.examples[:EXAMPLES]))


class Index:
    """A menu, ready to be searched."""

    def __init__(self, tools: Sequence[Tool], vectors: Mapping[str, Sequence[float]]) -> None:
        import numpy as np  # noqa: PLC0415  a small menu needs no index, and so none of its memory

        self._postings: dict[str, list[int]] = defaultdict(list)
        for place, tool in enumerate(tools):
            for word in frozenset[str]().union(*map(_words, texts(tool))):
                self._postings[word].append(place)
        known = [(place, vectors[text]) for place, tool in enumerate(tools) for text in texts(tool) if text in vectors]
        self._tools = tools
        owners = np.array([place for place, _ in known], dtype=np.intp)
        first, self._starts = np.unique(owners, return_index=True)
        self._owners: list[int] = first.tolist()
        self._vectors = np.array([vector for _, vector in known], dtype=np.float32)
        self._np = np

    def ranked(self, said: Sequence[str], vectors: Mapping[str, Sequence[float]]) -> list[tuple[Tool, float]]:
        """The actions with how well they fit the best of some wishes, best first; by words alone without vectors."""
        if not said:
            return [(tool, 0.0) for tool in self._tools]
        each = [self._scores(clause, vectors.get(clause)) for clause in said]
        scores = [max(of_one) for of_one in zip(*each, strict=True)]
        order = sorted(range(len(scores)), key=scores.__getitem__, reverse=True)
        return [(self._tools[place], scores[place]) for place in order]

    def _scores(self, clause: str, vector: Sequence[float] | None) -> list[float]:
        """How near each action is in meaning, and which share of what is said its own words have too.

        Only what is large is left to numpy: each call of it takes as long as a walk through the whole menu.
        """
        found = [0.0] * len(self._tools)
        if vector is not None and self._owners:
            near = self._vectors @ self._np.asarray(vector, self._np.float32)
            # What belongs to one action stands together.
            for place, nearness in zip(
                self._owners, self._np.maximum.reduceat(near, self._starts).tolist(), strict=True
            ):
                found[place] = max(nearness, 0.0)
        said = _words(clause)
        for word in said:
            for place in self._postings.get(word, ()):
                found[place] += WORDS / len(said)
        return found


def _words(text: str) -> frozenset[str]:
    return frozenset(_stem(word.lower()) for word in _WORD.findall(text) if word.lower() not in _EMPTY)


def _stem(word: str) -> str:
    """A word without the endings that English puts to it."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word[: -len(ending)]
    return word
