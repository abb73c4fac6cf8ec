"""Matching what was said against the phrasings of a menu."""

from __future__ import annotations

import time

import pytest

from services.llm.models.model import Tool
from services.llm.reflex.grammar import Grammar, grammar
from services.llm.reflex.openings import Opening, opening
from services.llm.reflex.phrases import LONGEST, bare, exact, loose
from services.llm.reflex.slots import Value
from tests.support.menu import menu

MENU = menu()


@pytest.fixture(scope="module")
def menu() -> Grammar:
    return grammar(MENU)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Hey Daimon, could you please add milk, thanks!", "add milk"),
        ("I'd like you to run ls for me now.", "run ls"),
        ("run cd ..", "run cd .."),
        ("add 'buy milk!'", "add 'buy milk!'"),
        ("can I see my list?", "see my list"),
        ("please", ""),
        ("", ""),
    ],
)
def test_politeness_is_taken_off_and_nothing_else(said: str, left: str) -> None:
    assert bare(said) == left


@pytest.mark.parametrize(
    ("said", "action", "arguments"),
    [
        ("ADD buy milk TO THE LIST", "tasks.add", {"title": "buy milk"}),
        ("what's on my to-do list", "tasks.list", {}),
        ("show my tasks about the garden", "tasks.list", {"filter": "the garden"}),
        ("mark buy milk as not done", "tasks.reopen", {"task": "buy milk"}),
        ("I've done task 3", "tasks.complete", {"task": "3"}),
        ("rename 'go to work' to 'stay at home'", "tasks.rename", {"task": "go to work", "title": "stay at home"}),
        ("move the second task to the 4th place", "tasks.move", {"task": "2", "position": 4}),
        ("bash: for i in 1 2; do\n  echo $i\ndone", "sandbox.run", {"command": "for i in 1 2; do\n  echo $i\ndone"}),
        ("what do you remember about Anna", "memory.search", {"query": "Anna"}),
    ],
)
def test_a_phrasing_fills_its_slots(menu: Grammar, said: str, action: str, arguments: dict[str, Value]) -> None:
    match = exact(said, menu)
    assert match is not None
    assert (match.action, match.arguments) == (action, arguments)


@pytest.mark.parametrize(
    "said",
    [
        "add milk to my list and bread to my list",
        "add milk and delete bread",
        "mark it as done",
        "delete everything",
        "run a marathon",
        "complete the sentence: roses are",
        "did you add milk to my list",
        "",
        "x" * (LONGEST + 1),
    ],
)
def test_what_only_looks_like_a_request_matches_nothing(menu: Grammar, said: str) -> None:
    assert exact(said, menu) is None


def test_the_phrasing_with_most_words_of_its_own_wins(menu: Grammar) -> None:
    match = exact("delete call mom from my list", menu)
    assert match is not None
    assert match.arguments == {"task": "call mom"}


def test_an_unknown_verb_leaves_the_slot_to_be_compared_by_meaning(menu: Grammar) -> None:
    assert {(each.action, each.neutral) for each in loose("scribble eggs on my list", menu)} == {
        ("tasks.list", "scribble eggs on my list"),
        ("tasks.sort", "scribble eggs on my list"),
        ("tasks.add", "scribble something on my list"),
    }


def test_a_verb_of_one_action_is_not_taken_for_another(menu: Grammar) -> None:
    assert [each.action for each in loose("add buy milk to the top of my list", menu)] == ["tasks.list", "tasks.sort"]


def test_a_phrasing_that_cannot_fill_its_action_is_left_out() -> None:
    schema: dict[str, object] = {
        "type": "object",
        "properties": {"title": {"type": "string"}},
        "required": ["title"],
    }
    examples = ("add something", "add {name}", "add {title} {title}", " ", "add {title}")
    only = grammar((Tool(name="tasks.add", description="", schema=schema, examples=examples),))
    assert [template.phrasing for template in only.templates] == ["add {title}"]


def test_a_long_text_is_refused_quickly(menu: Grammar) -> None:
    began = time.process_time()
    for text in (
        "move " + "x to " * 390,
        "rename " + "to " * 600,
        "hey " * 499,
        "a" * 10_000_000,
        "please, " * 100_000,
    ):
        assert exact(bare(text), menu) is None
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("what's on my list", "asks"),
        ("did you add it", "asks"),
        ("don't add milk", "denies"),
        ("if I add milk", "supposes"),
        ("my list is long", "tells"),
        ("{task} is done", "tells"),
        ("add milk", "does"),
        ("Do the dishes", "does"),
    ],
)
def test_how_a_sentence_opens_is_told(sentence: str, expected: Opening) -> None:
    assert opening(sentence) == expected
