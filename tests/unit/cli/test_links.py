"""Links into Daimon's own pages are words in a terminal, however the text is cut into pieces."""

from __future__ import annotations

import random

import pytest

from daimon.links import Unlinked, unlinked

TEXT = (
    "[Added task 'buy \\[oat\\] milk'](/timeline/01a2-55) and [docs](https://example.org/x), [1] or list[0](x)\n"
    "1. ~~call \\*mum\\*~~ ~5 C:\\temp 2 \\< 3 `a\\_b` and `` c`d ``\n"
    "```sh\necho \\* ~~x~~ [a](/b)\n  `` \n```\n````\n```\n````\n- [x] done [a"
)
SHOWN = (
    "Added task 'buy [oat] milk' and [docs](https://example.org/x), [1] or list[0](x)\n"
    "1. [x] call *mum* ~5 C:\\temp 2 < 3 `a\\_b` and `` c`d ``\n"
    "echo \\* ~~x~~ [a](/b)\n  `` \n```\n- [x] done [a"
)


def test_links_to_pages_of_ours_escapes_strokes_and_fences_read_as_words_and_all_else_stays() -> None:
    assert unlinked(TEXT) == SHOWN


@pytest.mark.parametrize("seed", range(50))
def test_the_pieces_make_no_difference(seed: int) -> None:
    dice = random.Random(seed)
    growing, shown, left = Unlinked(), "", TEXT
    while left:
        size = dice.randint(1, 9)
        shown += growing.take(left[:size])
        assert SHOWN.startswith(shown)
        left = left[size:]
    assert shown + growing.rest() == SHOWN


def test_text_without_brackets_is_never_held_back() -> None:
    growing = Unlinked()
    assert growing.take("plain ") + growing.take("text") == "plain text"


def test_an_open_bracket_does_not_hold_a_long_text_back() -> None:
    growing = Unlinked()
    assert len(growing.take("[" + "x" * 5000)) > 3000
