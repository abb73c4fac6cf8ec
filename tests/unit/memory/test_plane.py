"""The picture of meanings: where texts lie on a plane, and that they stay there."""

from __future__ import annotations

import random
import struct

from services.memory.pictures import Sampled, _laid
from services.memory.plane import Plane, read


def text(number: int, *, group: int) -> Sampled:
    """A text whose meaning is that of its group, and a little its own."""
    dice = random.Random(number)
    numbers = [dice.gauss(0, 0.02) + (1.0 if place == group else 0.0) for place in range(16)]
    vector = struct.pack(">hh16e", 16, 0, *numbers)
    return Sampled(text=str(number), vector=vector, kind="task.added", event=str(number))


GROUPS = [text(number, group=number % 3) for number in range(30)]


def test_texts_of_one_meaning_lie_together() -> None:
    _, points = _laid(GROUPS, None)
    corners = [{(round(point.x, 1), round(point.y, 1)) for point in points[group::3]} for group in range(3)]
    assert not corners[0] & corners[1]
    assert not corners[1] & corners[2]


def test_what_is_added_moves_nothing() -> None:
    plane, before = _laid(GROUPS, None)
    again, after = _laid([*GROUPS, text(77, group=9)], plane)
    assert again is plane
    assert after[:30] == before


def test_a_plane_is_laid_anew_when_there_is_twice_as_much_or_the_engine_is_another() -> None:
    plane, _ = _laid(GROUPS, None)
    more = [*GROUPS, *(text(number, group=number % 5) for number in range(100, 140))]
    assert _laid(more, plane)[0] is not plane
    shorter = [
        Sampled(text="a", vector=struct.pack(">hh4e", 4, 0, *(float(number == place) for place in range(4))))
        for number in range(4)
    ]
    assert _laid(shorter, plane)[0] is not plane


def test_too_few_texts_make_no_picture() -> None:
    assert _laid(GROUPS[:2], None) == (None, ())


def test_texts_that_all_say_the_same_have_a_place() -> None:
    plane = Plane(read([GROUPS[0].vector] * 4))
    assert plane.kept == 0.0
    assert all(0 <= number <= 1 for place in plane.places(read([GROUPS[0].vector])) for number in place)
