"""The content filter: what is held back is never shown, in whatever pieces it comes."""

from __future__ import annotations

import pytest

from proto.choices import Pattern
from services.llm.turns.strainer import Strainer, caught

PATTERNS = (Pattern(name="code", words="Open Sesame"), Pattern(name="short", words="abc"))


def strained(pieces, patterns=PATTERNS):
    """What is shown after each piece, and what was caught."""
    strainer = Strainer(patterns)
    shown = [strainer.feed(piece) for piece in pieces]
    return [*shown, strainer.end()], strainer.caught


@pytest.mark.parametrize("text", ["say open sesame now", "say OPEN SESAME now"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_words_are_held_back_however_they_are_cut_into_pieces(text, size):
    shown, names = strained([text[at : at + size] for at in range(0, len(text), size)])
    assert "".join(shown) == "say [held back: code] now"
    assert names == ["code"]


def test_nothing_of_it_is_shown_before_it_is_certain():
    shown, _ = strained(["say o", "pen ses", "ame", "!"])
    assert shown == ["say ", "", "[held back: code]", "!", ""]


def test_what_only_begins_like_it_is_shown_after_all():
    assert strained(["open ses", "ami"])[0] == ["", "open sesami", ""]
    assert strained(["open ses"])[0] == ["", "open ses"]


def test_at_most_its_own_length_waits():
    shown, _ = strained(["x" * 1000 + "open sesam"])
    assert shown == ["x" * 1000, "open sesam"]


def test_each_of_many_is_held_back():
    shown, names = strained(["ab", "cabcab", "cabx"])
    assert "".join(shown) == "[held back: short]" * 3 + "abx"
    assert names == ["short"] * 3


def test_without_patterns_every_piece_goes_through_at_once():
    assert strained(["open ", "sesame"], ())[0] == ["open ", "sesame", ""]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ('{"title": "OPEN sesame!"}', "code"),
        ('{"deep": [{"x": "abc"}]}', "short"),
        ('{"Open Sesame": 1}', "code"),
        ('{"title": "open"}', ""),
        ('{"title": "\\u006fpen sesame"}', "code"),
    ],
)
def test_arguments_are_looked_through_as_they_will_be_read(arguments, name):
    assert caught(arguments, PATTERNS) == name
