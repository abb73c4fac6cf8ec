"""The short way for tokens gives the very HTML that the ui service would have given."""

from __future__ import annotations

import pytest

from proto import ui
from proto.base import new_id
from services.gateway.live.growing import grown
from services.ui.pages.live import fragments, piece


@pytest.mark.parametrize("text", [
    "word ", "<script>alert(1)</script>", "a & b \"c\" 'd' &lt;", "\r\n\t\r", "a-turn a-text 987654321",
    "{turn} {{ x }}", "\u202e\u200b日本🙂", '</div><div hx-swap-oob="true">',
])  # fmt: skip
def test_a_piece_is_the_same_on_both_ways(text):
    change = ui.Grew(turn=new_id(), passage=3, text=text)
    short = grown([change], piece())
    long = fragments(ui.Changes(changes=(change,))).html
    for reference, other in (("&#34;", "&quot;"), ("&#39;", "&#x27;")):
        long = long.replace(reference, other)
    assert short == long


def test_anything_else_takes_the_long_way():
    assert grown([ui.Grew(turn="t", text="x"), ui.Online()], piece()) == ""


def test_a_turn_cannot_break_out_of_its_place():
    assert '"><img' not in grown([ui.Grew(turn='"><img', text="x")], piece())
