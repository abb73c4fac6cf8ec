"""A seeded model of what a person and a program do over two years, with vectors that mean what the words do.

Every conversation, task and command is about one of a number of topics. A topic has words of its own, which it shares
with few others, and everything uses common words besides. Topics and words have the frequencies of natural language
(Zipf), where the most common words are fillers such as "the", which a search leaves out. The vector of a text is the
sum of its words' directions, weighed by their rarity, and some noise: texts about the same are near to each other, and
texts that say the same are nearer.
"""

from __future__ import annotations

import hashlib
import math
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 384
TOPICS = 400
TOPIC_WORDS = 60
COMMON_WORDS = 3000
BEGAN = datetime(2024, 1, 1, 7, tzinfo=UTC)
DAYS = 700
NOISE = 0.35
_FILLERS = (
    "the of and to in a is that for it was on are as with his they at be this from i have or by had not but what all"
    " were we when your can there an which their if do will how about up out them then she some so these other into has"
    " more her him no than been its who now my over did down only just after before through where most our me any same"
)
FILLERS = _FILLERS.split()
"""English function words, the most frequent first."""
SYLLABLES = (
    "ba be bi bo bu da de di do du ka ke ki ko la le li lo ma me mi mo na ne no ra re ri ro sa se so ta te ti to"
)
WEIGHTS = {
    "page.visited": 20,
    "task.added": 16,
    "task.completed": 10,
    "sandbox.command_ran": 10,
    "memory.noted": 4,
    "talk": 6,
}
"""How often each begins; a talk is several messages."""

_WORD = re.compile(r"[a-z]+")

Numbers = NDArray[np.float32]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One event."""

    time: datetime
    kind: str
    actor: str
    sentence: str
    body: str = ""
    conversation: str = ""
    topic: int = 0

    @property
    def text(self) -> str:
        """What it says."""
        return f"{self.sentence}\n{self.body}"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question to search."""

    text: str
    kinds: tuple[str, ...] = ()
    conversation: str = ""


class World:
    """The words there are, and what they mean."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._common = FILLERS + [self._word() for _ in range(COMMON_WORDS - len(FILLERS))]
        self._topics = [[self._word() for _ in range(TOPIC_WORDS)] for _ in range(TOPICS)]
        self._directions: dict[str, Numbers] = {}
        self._rarity = {word: math.log(2 + place) for place, word in enumerate(self._common)}

    def tell(self, size: int) -> Iterator[Told]:
        """Tell what happened, in order."""
        told = 0
        step = timedelta(days=DAYS) / max(size, 1)
        for beginning in self._beginnings():
            for one in beginning:
                if told == size:
                    return
                yield msgspec.structs.replace(one, time=BEGAN + told * step)
                told += 1

    def ask(self, told: Told) -> Asked:
        """Ask for something that happened, in part in words of its own; always the same of the same."""
        going_on = self._random.getstate()
        self._random.seed(_seed(f"{told.time} {told.text}"))
        words = self._random.sample(self._topics[told.topic][:30], 2) + self._pick(self._common, 2)
        self._random.setstate(going_on)
        own = [word for word in words_of(told.text) if word not in FILLERS][-3:]
        return Asked(text=" ".join([*own[:2], *words]))

    def vector(self, text: str) -> Numbers:
        """Return what a text means."""
        total = np.zeros(DIMENSIONS, dtype=np.float32)
        for word in words_of(text):
            total += self._rarity.get(word, 8.0) * self._direction(word)
        noise = np.random.default_rng(_seed(text)).standard_normal(DIMENSIONS, dtype=np.float32)
        total += NOISE * (float(np.linalg.norm(total)) or 1.0) * noise / math.sqrt(DIMENSIONS)
        return total / np.float32(np.linalg.norm(total))

    def _beginnings(self) -> Iterator[list[Told]]:
        kinds, weights = list(WEIGHTS), list(WEIGHTS.values())
        number = 0
        while True:
            number += 1
            kind = self._random.choices(kinds, weights)[0]
            topic = self._rank(TOPICS)
            yield self._talk(topic, number) if kind == "talk" else [self._single(kind, topic)]

    def _single(self, kind: str, topic: int) -> Told:
        words = self._says(topic, self._random.randint(2, 6))
        sentence, body = {
            "page.visited": (f"Visited /{self._random.choice(['', 'tasks', 'memory', 'search', 'files'])}", ""),
            "task.added": (f"Added task '{words}'", ""),
            "task.completed": (f"Completed task '{words}'", ""),
            "sandbox.command_ran": (f"Ran `{words}` (exit 0)", self._says(topic, 30)),
            "memory.noted": (f'Noted: "{words}"', self._says(topic, 25)),
        }[kind]
        actor = self._random.choice(["user", "user", "model"])
        return Told(time=BEGAN, kind=kind, actor=actor, sentence=sentence, body=body, topic=topic)

    def _talk(self, topic: int, number: int) -> list[Told]:
        turns = []
        for turn in range(self._random.randint(2, 15)):
            actor, kind, verb = (
                ("user", "chat.asked", "Asked") if turn % 2 == 0 else ("model", "chat.answered", "Answered")
            )
            words = self._says(topic, self._random.randint(6, 40))
            turns.append(
                Told(
                    time=BEGAN,
                    kind=kind,
                    actor=actor,
                    sentence=f'{verb}: "{words[:60]}"',
                    body=words,
                    conversation=f"talk-{number}",
                    topic=topic,
                )
            )
        return turns

    def _says(self, topic: int, length: int) -> str:
        own = max(1, length // 3)
        words = self._pick(self._topics[topic], own) + self._pick(self._common, length - own)
        self._random.shuffle(words)
        return " ".join(words)

    def _pick(self, words: list[str], count: int) -> list[str]:
        return [words[self._rank(len(words))] for _ in range(count)]

    def _rank(self, count: int) -> int:
        """Choose one of a number with the frequencies of natural language: the first most often."""
        return min(int((count + 1) ** self._random.random()), count) - 1

    def _word(self) -> str:
        return "".join(self._random.choices(SYLLABLES.split(), k=self._random.randint(2, 4)))

    def _direction(self, word: str) -> Numbers:
        if word not in self._directions:
            numbers = np.random.default_rng(_seed(word)).standard_normal(DIMENSIONS, dtype=np.float32)
            self._directions[word] = numbers / np.float32(np.linalg.norm(numbers))
        return self._directions[word]


def words_of(text: str) -> list[str]:
    """Split a text into its words."""
    return _WORD.findall(text.lower())


def _seed(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
