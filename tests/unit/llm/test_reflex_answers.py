"""What the reflex makes of results."""

from __future__ import annotations

import json

from services.llm.reflex_answers import result


def test_a_list_in_its_order_is_shown_once() -> None:
    tasks = [{"title": "buy milk", "position": 1, "done": False}, {"title": "call mum", "position": 2, "done": True}]
    content = json.dumps({"tasks": tasks, "sentence": "1. buy milk, 2. call mum (done)"})
    assert result(content) == "1. buy milk\n2. ~~call mum~~"


def test_an_empty_list_leaves_the_sentence() -> None:
    assert result(json.dumps({"tasks": [], "sentence": "The list is empty."})) == "The list is empty."
