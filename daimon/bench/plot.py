"""A plot of a few curves on logarithmic axes, as an SVG that reads well on light and on dark."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

import msgspec

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 400, 70, 190, 50, 50
COLOURS = ("#b4552d", "#2d7fb4", "#3a8f5c", "#8a5cb4")
STYLE = "font-family='system-ui, sans-serif' font-size='13' fill='#777'"


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """Points that belong together; both of each above 0."""

    name: str
    points: tuple[tuple[float, float], ...]


class Axis(msgspec.Struct, frozen=True, kw_only=True):
    """A logarithmic scale from one power of ten to another, drawn from one place to another."""

    low: int
    high: int
    begin: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], begin: float, end: float) -> Axis:
        """Make the scale that has room for some values."""
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return cls(low=low, high=max(high, low + 1), begin=begin, end=end)

    def place(self, value: float) -> float:
        """Where a value is drawn."""
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return round(self.begin + share * (self.end - self.begin), 1)

    def marks(self) -> list[float]:
        """The powers of ten."""
        return [10.0**power for power in range(self.low, self.high + 1)]


def draw(title: str, curves: Sequence[Curve]) -> str:
    """Draw the curves."""
    points = [point for curve in curves for point in curve.points]
    across = Axis.over([x for x, _ in points], LEFT, WIDTH - RIGHT)
    up = Axis.over([y for _, y in points], HEIGHT - BOTTOM, TOP)
    lines = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' role='img' {STYLE}>",
        f"<title>{escape(title)}</title><text x='{LEFT}' y='25' font-size='15'>{escape(title)}</text>",
        *_grid(across, up),
    ]
    for curve, colour in zip(curves, COLOURS, strict=False):
        lines += _curve(curve, colour, across, up)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _grid(across: Axis, up: Axis) -> Iterator[str]:
    for value in across.marks():
        x = across.place(value)
        yield f"<path d='M{x} {up.begin}V{up.end}' stroke='#8884'/>"
        yield f"<text x='{x}' y='{up.begin + 20}' text-anchor='middle'>{value:,.0f}</text>"
    for value in up.marks():
        y = up.place(value)
        yield f"<path d='M{across.begin} {y}H{across.end}' stroke='#8884'/>"
        yield f"<text x='{across.begin - 8}' y='{y + 4}' text-anchor='end'>{value:,g}</text>"


def _curve(curve: Curve, colour: str, across: Axis, up: Axis) -> Iterator[str]:
    places = [(across.place(x), up.place(y)) for x, y in curve.points]
    path = " ".join(f"{x},{y}" for x, y in places)
    yield f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2'/>"
    for x, y in places:
        yield f"<circle cx='{x}' cy='{y}' r='3' fill='{colour}'/>"
    x, y = places[-1]
    yield f"<text x='{x + 8}' y='{y + 4}' fill='{colour}'>{escape(curve.name)}</text>"
