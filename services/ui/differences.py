"""What one text has that another has not, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Literal

import msgspec

AROUND = 2
"""Lines that are shown before and after a difference."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a comparison."""

    kind: Literal["same", "gone", "new", "skipped"]
    text: str


def differences(old: str, new: str) -> tuple[Line, ...]:
    """Compare two texts; nothing where they are equal, and what they share far from a difference is skipped."""
    before, after = old.splitlines(), new.splitlines()
    groups = SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(AROUND)
    return tuple(line for place, group in enumerate(groups) for line in _group(place, group, before, after))


Opcode = tuple[str, int, int, int, int]


def _group(place: int, group: list[Opcode], before: list[str], after: list[str]) -> Iterator[Line]:
    if place or group[0][1]:
        yield Line(kind="skipped", text="…")
    for kind, begin, end, first, last in group:
        if kind == "equal":
            yield from (Line(kind="same", text=text) for text in before[begin:end])
            continue
        yield from (Line(kind="gone", text=text) for text in before[begin:end])
        yield from (Line(kind="new", text=text) for text in after[first:last])
