"""What follows what: for each context what came next there, and how often what it foretold came true."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator

import msgspec

from services.ghost.contexts import Context
from services.ghost.deeds import NOTHING, Form

KEPT = 12
"""Outcomes that a context remembers: habits change."""
FADES = 0.9
"""What each is worth of the one after it."""
DOUBT = 1.0
"""What a context without a record is taken to have foretold wrongly."""
CONTEXTS = 4000
"""Contexts of one person; those that did not come up for longest go first."""


class Expert(msgspec.Struct):
    """One context: what came next in it, and how it did, both oldest first."""

    outcomes: deque[Form]
    record: deque[bool]
    """Whether what it foretold came; also where that was not shown to anybody."""
    foretells: Form = NOTHING
    """What comes next here as a rule; NOTHING where that is so, or nothing is known."""

    def rate(self) -> float:
        """Return the share of what it foretold that came true, newer ones worth more, some doubt included."""
        ages = range(len(self.record))
        right = sum(FADES**age for age, came in zip(ages, reversed(self.record), strict=True) if came)
        return right / (sum(FADES**age for age in ages) + DOUBT)

    def learn(self, form: Form) -> None:
        """Take note of what came next."""
        if self.foretells != NOTHING:
            self.record.append(self.foretells == form)
        self.outcomes.append(form)
        if form != self.foretells:
            self.foretells = self._usual()

    def _usual(self) -> Form:
        weights: dict[Form, float] = defaultdict(float)
        for age, known in enumerate(reversed(self.outcomes)):
            weights[known] += FADES**age
        return max(weights, key=weights.__getitem__)


class Foretold(msgspec.Struct, frozen=True):
    """What is expected next, and why."""

    form: Form
    context: Context
    seen: int
    """How often it came, of the last `of` times."""
    of: int
    right: int
    tries: int
    rate: float


class Learner:
    """One person's habits."""

    def __init__(self) -> None:
        self._experts: dict[Context, Expert] = {}
        self._here: tuple[Context, ...] = ()

    def stand(self, contexts: tuple[Context, ...]) -> None:
        """Be in these contexts from now on; the most particular first."""
        self._here = contexts

    def learn(self, form: Form) -> None:
        """Take note of what came next here; where that is is said afterwards."""
        for context in self._here:
            expert = self._experts.pop(context, None) or Expert(deque(maxlen=KEPT), deque(maxlen=KEPT))
            expert.learn(form)
            self._experts[context] = expert
        self._here = ()
        while len(self._experts) > CONTEXTS:
            del self._experts[next(iter(self._experts))]

    def unwanted(self, context: Context) -> None:
        """Take note that what a context foretold was not wanted."""
        if context in self._experts:
            self._experts[context].record.append(False)

    def foretell(self) -> Foretold | None:
        """Return what the context with the best record foretells here; None where none foretells anything."""
        found = [one for one in map(self._of, self._here) if one is not None]
        return max(found, key=lambda one: one.rate, default=None)

    def known(self) -> Iterator[Foretold]:
        """Return what every context foretells."""
        return (one for one in map(self._of, self._experts) if one is not None)

    def _of(self, context: Context) -> Foretold | None:
        expert = self._experts.get(context)
        form = expert.foretells if expert else NOTHING
        if expert is None or not form.offered:
            return None
        tries, right = len(expert.record), sum(expert.record)
        return Foretold(form, context, expert.outcomes.count(form), len(expert.outcomes), right, tries, expert.rate())
