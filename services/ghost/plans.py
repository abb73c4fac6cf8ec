"""Sequences that somebody repeats: what comes after their beginning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from services.ghost.deeds import NOTHING, Form

REPEATED = 3
"""Times that a sequence must have been done before its rest is offered."""
SHARE = 2 / 3
"""Of the times that it was begun, at least so many went on in the same way."""
BEGINNING = 4
"""Deeds at most by which a sequence is recognised."""
LONGEST = 8


def rest(done: Sequence[Form], first: Form) -> tuple[Form, ...]:
    """Return how what was done last goes on as a rule, from a first form on; at least that form.

    What was done last is recognised by what it was done with, or by the kinds of the deeds alone.
    """
    kinds = [form.action for form in done]
    best: tuple[Form, ...] = (first,)
    for size in range(min(BEGINNING, len(done)), 0, -1):
        for known in (done, kinds):
            found = _going_on(done, _ends(known, size))
            if found[:1] == (first,) and len(found) > len(best):
                best = found
    return best


def _ends(known: Sequence[object], size: int) -> list[int]:
    """Return where the last deeds, so many of them, were done before: the places after them."""
    beginning, last = known[-size:], known[-1]
    ends = (end for end in range(size, len(known)) if known[end - 1] == last)
    return [end for end in ends if known[end - size : end] == beginning]


def _going_on(done: Sequence[Form], ends: list[int]) -> tuple[Form, ...]:
    """Return what followed at most of these places, as long as it did."""
    going_on: list[Form] = []
    begun = len(ends)
    while begun >= REPEATED and len(going_on) < LONGEST:
        nexts = Counter(done[end] for end in ends if end < len(done))
        form, times = nexts.most_common(1)[0] if nexts else (NOTHING, 0)
        if form in going_on or not form.offered or times < REPEATED or times < SHARE * begun:
            break
        going_on.append(form)
        ends = [end + 1 for end in ends if end < len(done) and done[end] == form]
    return tuple(going_on)
