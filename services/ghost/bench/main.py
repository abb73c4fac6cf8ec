"""Lets the ghost watch somebody's days, and prints how well it did as JSON."""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict

import msgspec

from proto.benches import Foretelling
from proto.events import Recorded
from proto.suggestions import SuggestionMade
from services.ghost.bench.use import Person, at
from services.ghost.deeds import Form
from services.ghost.offering import offer
from services.ghost.state import State

DAYS = 60


class Baseline:
    """The deed that most often followed this kind of deed so far."""

    def __init__(self) -> None:
        self._after: dict[str, Counter[Form]] = defaultdict(Counter)
        self._last = ""
        self.right = 0
        self.tries = 0

    def take(self, form: Form) -> None:
        """Foretell the next deed, then take note of it."""
        known = self._after[self._last]
        if known:
            self.tries += 1
            self.right += known.most_common(1)[0][0] == form
        known[form] += 1
        self._last = form.action


class Watched:
    """One person with the ghost beside them, who never takes an offer up."""

    def __init__(self) -> None:
        self.state = State()
        self.baseline = Baseline()
        self.deeds = 0
        self.seconds: list[float] = []

    def take(self, recorded: Recorded) -> None:
        """Let something happen, and note what is offered then and what came of the offer before."""
        state, event = self.state, recorded.event
        began, last = time.process_time(), state.last
        state.apply(recorded)
        offered = None if (came := state.standing.came) else offer(state, event.time)
        self.seconds.append(time.process_time() - began)
        if state.last is not last:
            self.deeds += 1
            self.baseline.take(state.done[-1])
        if came is not None:
            state.apply(msgspec.structs.replace(recorded, event=at(event.time, came)))
            offered = offer(state, event.time)
        if offered is not None:
            self._made(recorded, offered)

    def _made(self, recorded: Recorded, offered: SuggestionMade) -> None:
        made = at(recorded.event.time, offered, self.state.cause)
        self.state.apply(msgspec.structs.replace(recorded, event=made))


def watch(seed: int, days: int) -> Foretelling:
    """Watch one person for so many days."""
    watched = Watched()
    for recorded in Person(seed).days(days):
        watched.take(recorded)
    record, baseline = watched.state.standing.record, watched.baseline
    settled = record.met + record.missed
    return Foretelling(
        deeds=watched.deeds,
        shown=record.made / watched.deeds,
        right=record.met / settled if settled else 0.0,
        foretold=record.met / watched.deeds,
        baseline=baseline.right / baseline.tries,
        microseconds=sum(watched.seconds) / len(watched.seconds) * 1e6,
    )


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=DAYS)
    arguments = parser.parse_args()
    print(msgspec.json.encode(watch(arguments.seed, arguments.days)).decode())


if __name__ == "__main__":
    main()
