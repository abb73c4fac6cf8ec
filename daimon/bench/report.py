"""What a bench found: figures with their spread, beside their goals, as a table or as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

import msgspec

from daimon.bench.goals import goal_of
from daimon.terminal import table


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured value."""

    value: float
    unit: str
    spread: tuple[float, float]
    """The lowest and the highest round."""
    against: str = ""
    """What it was measured against in the same run, with that side's value."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A figure beside its goal."""

    value: float
    unit: str
    goal: str
    """Empty for a figure that is only shown."""
    ok: bool
    against: str
    spread: tuple[float, float]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one run of a bench."""

    bench: str
    commit: str
    machine: str
    figures: dict[str, Judged]

    @property
    def ok(self) -> bool:
        """Whether every figure reaches its goal."""
        return all(figure.ok for figure in self.figures.values())

    def lines(self) -> list[str]:
        """Return it as a table."""
        rows = [
            (name, _number(one.value), one.unit, _range(one), one.goal, _mark(one), one.against)
            for name, one in self.figures.items()
        ]
        columns = (self.bench, "median", "unit", "lowest to highest", "goal", "", "against")
        return [*table(columns, rows), "", f"{self.commit} on {self.machine}"]


def figure(rounds: Sequence[float], unit: str, against: str = "") -> Figure:
    """Return the median of the rounds, with the lowest and the highest."""
    return Figure(value=statistics.median(rounds), unit=unit, spread=(min(rounds), max(rounds)), against=against)


def judge(bench: str, found: Figure, name: str) -> Judged:
    """Put a figure beside its goal."""
    goal = goal_of(bench, name)
    low, high = found.spread
    return Judged(
        value=round(found.value, 3),
        unit=found.unit,
        goal=goal.text() if goal else "",
        ok=goal is None or goal.met_by(found.value),
        against=found.against,
        spread=(round(low, 3), round(high, 3)),
    )


def report(bench: str, found: Mapping[str, Figure], *, commit: str, machine: str) -> Report:
    """Return what a bench found, judged."""
    judged = {name: judge(bench, one, name) for name, one in found.items()}
    return Report(bench=bench, commit=commit, machine=machine, figures=judged)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def _range(one: Judged) -> str:
    low, high = one.spread
    return f"{_number(low)} to {_number(high)}"


def _mark(one: Judged) -> str:
    if not one.goal:
        return ""
    return "ok" if one.ok else "MISSED"
