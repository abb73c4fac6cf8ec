"""Choosing from a large menu: the actions that fit what is asked, by meaning and by words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from services.llm.grammar import neutral
from services.llm.model import Tool
from services.llm.words import ARTICLES, DETERMINERS, FUNCTION, PRONOUNS

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


def clauses(text: str) -> list[str]:
    """What is asked as a whole, and each wish in it."""
    parts = [part.strip()[:CLAUSE] for part in _SPLIT.split(text)]
    whole = " ".join(text.split())[:CLAUSE].rstrip(" .!?;")
    found = dict.fromkeys([whole, *(part for part in parts if len(part) > 3)])
    return [clause for clause in found if clause][: CLAUSES + 1]


def texts(tool: Tool) -> tuple[str, ...]:
    """What an action is compared by: its description, its name, and how people ask for it."""
    noun, _, verb = tool.name.replace("_", " ").partition(".")
    return (tool.description[:CLAUSE], f"{verb} {noun}", *map(neutral, tool.examples[:EXAMPLES]))


class Index:
    """A menu, ready to be searched."""

    def __init__(self, tools: Sequence[Tool], vectors: Mapping[str, Sequence[float]]) -> None:
        import numpy as np  # noqa: PLC0415  a small menu needs no index, and so none of its memory

        known = [(place, vectors[text]) for place, tool in enumerate(tools) for text in texts(tool) if text in vectors]
        self._tools = tools
        self._words = [frozenset[str]().union(*map(_words, texts(tool))) for tool in tools]
        self._owners = np.array([place for place, _ in known], dtype=np.intp)
        self._vectors = np.array([vector for _, vector in known], dtype=np.float32)
        self._np = np

    def ranked(self, said: Sequence[str], vectors: Mapping[str, Sequence[float]]) -> list[tuple[Tool, float]]:
        """The actions with how well they fit the best of some wishes, best first; by words alone without vectors."""
        if not said:
            return [(tool, 0.0) for tool in self._tools]
        scores = [
            max(each) for each in zip(*(self._scores(clause, vectors.get(clause)) for clause in said), strict=True)
        ]
        order = sorted(range(len(self._tools)), key=lambda place: -scores[place])
        return [(self._tools[place], scores[place]) for place in order]

    def _scores(self, clause: str, vector: Sequence[float] | None) -> list[float]:
        said, near = _words(clause), self._np.zeros(len(self._tools), dtype=self._np.float32)
        if vector is not None and len(self._owners):
            self._np.maximum.at(near, self._owners, self._vectors @ self._np.array(vector, self._np.float32))
        return [float(here) + WORDS * _shared(said, own) for here, own in zip(near, self._words, strict=True)]


def _shared(said: frozenset[str], own: frozenset[str]) -> float:
    """The share of what is said that an action's own words have too."""
    return len(said & own) / len(said) if said else 0.0


def _words(text: str) -> frozenset[str]:
    return frozenset(_stem(word.lower()) for word in _WORD.findall(text) if word.lower() not in _EMPTY)


def _stem(word: str) -> str:
    """A word without the endings that English puts to it."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word[: -len(ending)]
    return word
