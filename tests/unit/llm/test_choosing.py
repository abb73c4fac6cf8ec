"""Choosing from a large menu: what is asked, piece by piece."""

from __future__ import annotations

from services.llm.menu.choosing import Index, clauses
from services.llm.models.model import Tool

TOOLS = (
    Tool(name="music.play", description="Play music.", schema={}, examples=("play {song}",)),
    Tool(name="lamp.light", description="Switch a lamp on.", schema={}),
    Tool(name="tasks.add", description="Put something on the list.", schema={}),
)


def test_each_wish_of_a_message_counts():
    assert clauses("Play some jazz, and then switch the lamp on. Please!") == [
        "Play some jazz, and then switch the lamp on. Please",
        "Play some jazz",
        "switch the lamp on",
        "Please",
    ]


def test_a_message_without_end_is_looked_at_in_part():
    assert len(clauses("do this and do that; " * 5000)) <= 7
    assert max(map(len, clauses("x" * 100_000))) <= 300
    assert clauses("  ") == []


def test_a_plain_sentence_is_one_wish():
    assert clauses("Tell me something.") == ["Tell me something"]


def test_words_choose_where_there_are_no_vectors():
    assert Index(TOOLS, {}).ranked(["switch on the lamps"], {})[0][0].name == "lamp.light"


def test_meaning_chooses_where_no_word_is_the_same():
    vectors = {"Play music.": [1.0, 0.0], "Switch a lamp on.": [0.0, 1.0], "it is dark": [0.1, 0.99]}
    assert Index(TOOLS, vectors).ranked(["it is dark"], vectors)[0][0].name == "lamp.light"


def test_nothing_said_leaves_the_menu_in_its_order():
    assert [tool for tool, _ in Index(TOOLS, {}).ranked([], {})] == list(TOOLS)
