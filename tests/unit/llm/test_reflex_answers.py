"""What the reflex makes of results."""

from __future__ import annotations

import json

from services.llm.reflex.reflex_answers import result


def test_a_list_in_its_order_is_shown_once() -> None:
    tasks = [{"title": "buy milk", "position": 1, "done": False}, {"title": "call mum", "position": 2, "done": True}]
    content = json.dumps({"tasks": tasks, "sentence": "1. buy milk, 2. call mum (done)"})
    assert result(content) == "1. buy milk\n2. ~~call mum~~"


def test_an_empty_list_leaves_the_sentence() -> None:
    assert result(json.dumps({"tasks": [], "sentence": "The list is empty."})) == "The list is empty."


def test_passages_are_cited_by_links_to_where_they_are_read() -> None:
    hit = {
        "name": "house.md",
        "place": "lines 1-3",
        "link": "/memory/documents/d1?line=1",
        "text": "The *shed*\nis green.",
    }
    assert result(json.dumps({"hits": [hit]})) == (
        r"- [house.md, lines 1-3](/memory/documents/d1?line=1): The \*shed\* is green."
    )


def test_a_link_of_another_program_is_not_followed() -> None:
    hit = {"name": "house", "place": "page 2", "link": "https://evil.example/", "text": "Green."}
    assert result(json.dumps({"hits": [hit]})) == "- house, page 2: Green."
