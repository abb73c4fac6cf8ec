"""How events are ranked, and how words are weighed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from proto import errors
from services.memory.queries import whole
from services.memory.ranking import Beside, Ranked, Weighed, rank, strongest
from services.memory.sealing import Hot, Sealed, absorbed
from services.memory.search import Cursor, cursor, token
from services.memory.terms import is_question, is_strict, literal

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def one(sequence: int, *, coverage: float = 0.0, likeness: float = 0.0, days: float = 100) -> Weighed:
    return Weighed(
        sequence=sequence,
        time=NOW - timedelta(days=days),
        in_conversation=True,
        coverage=coverage,
        likeness=likeness,
    )


def ranked(*events: Weighed, pairs: tuple[Beside, ...] = ()) -> list[Ranked]:
    return rank({event.sequence: event for event in events}, pairs, NOW)


def order(*events: Weighed, pairs: tuple[Beside, ...] = ()) -> list[int]:
    return [found.sequence for found in ranked(*events, pairs=pairs)]


def test_what_has_more_of_the_words_is_better():
    assert order(one(1, coverage=0.2), one(2, coverage=0.9), one(3, coverage=0.5)) == [2, 3, 1]


def test_words_and_meaning_together_beat_either():
    assert order(one(1, coverage=0.5), one(2, likeness=0.7), one(3, coverage=0.4, likeness=0.6))[0] == 3


def test_what_has_neither_is_no_hit():
    assert order(one(1, likeness=0.1), one(2, coverage=0.1)) == [2]


def test_among_equals_the_newest_is_first():
    assert order(one(1, coverage=0.5, days=9), one(2, coverage=0.5, days=1), one(3, coverage=0.5, days=3)) == [2, 3, 1]


def test_being_new_is_never_worth_as_much_as_fitting():
    assert order(one(1, coverage=0.5, days=3000), one(2, coverage=0.4, days=0)) == [1, 2]


def test_the_answer_beside_a_question_is_found_through_it():
    question, answer, elsewhere = one(1, coverage=0.9), one(2, coverage=0.1), one(9, coverage=0.3)
    pair = Beside(beside=1, sequence=2, step=1)
    assert order(question, answer, elsewhere, pairs=(pair,)) == [1, 2, 9]
    assert order(question, answer, elsewhere) == [1, 9, 2]


def test_what_follows_a_match_gets_more_of_it_than_what_came_before():
    pairs = (Beside(beside=2, sequence=1, step=1), Beside(beside=2, sequence=3, step=1))
    _, after, before = ranked(one(1), one(2, coverage=0.9), one(3), pairs=pairs)
    assert (after.sequence, before.sequence) == (3, 1)
    assert after.score > before.score


def test_a_pair_named_from_both_sides_counts_once():
    once = ranked(one(1, coverage=0.9), one(2), pairs=(Beside(beside=1, sequence=2, step=1),))
    both = (Beside(beside=1, sequence=2, step=1), Beside(beside=2, sequence=1, step=1))
    assert ranked(one(1, coverage=0.9), one(2), pairs=both) == once
    assert once[1].why == ("near",)


def test_only_the_best_of_conversations_have_their_surroundings_looked_at():
    assert strongest([one(1, coverage=0.1), one(2, coverage=0.9), one(3, coverage=0.5)], 2) == [2, 3]


@pytest.mark.parametrize("query", ["red -house", '"red house"', 'paint "red house"', "-red"])
def test_minus_and_quotes_are_operators(query):
    assert is_strict(query)


@pytest.mark.parametrize(
    "query", ["self-care", "red house", 'When did I read the book "Emma"?', "5 - 3", "red - house"]
)
def test_a_hyphen_and_a_title_in_a_sentence_are_none(query):
    assert not is_strict(query)


def test_a_sentence_is_a_question_and_a_word_or_two_are_not():
    assert is_question("where did I go")
    assert not is_question("red garden shed")


def test_a_word_is_quoted_so_that_it_is_no_operator():
    assert literal("it's\\a|b") == "'it''s\\\\a|b'"


def test_a_page_goes_on_where_the_last_one_ended():
    assert cursor(token(Ranked(sequence=7, score=0.123456789, why=()), NOW)) == Cursor(0.123456789, 7, NOW)


@pytest.mark.parametrize("more", ["nonsense", "é", "eyJhIjoxfQ=="])
def test_what_no_page_said_is_refused(more):
    with pytest.raises(errors.Invalid, match="more"):
        cursor(more)


def test_a_statement_contains_another_by_its_name():
    parts = {"inner": "a = {value}", "outer": "WHERE {inner}"}
    assert whole(parts["outer"], parts) == "WHERE a = {value}"


def test_a_new_segment_takes_in_what_is_not_much_larger_and_no_more():
    hot = Hot(engine="e", dimensions=384, vectors=20)
    sealed = [
        Sealed(id=number, engine=engine, dimensions=384, vectors=vectors)
        for number, engine, vectors in ((4, "e", 20), (3, "other", 1), (2, "e", 70), (1, "e", 900))
    ]
    assert [segment.id for segment in absorbed(hot, sealed)] == [4, 2]


def test_pages_follow_each_other_through_equals():
    events = {number: one(number, coverage=0.5, days=3) for number in range(1, 8)}
    first = rank(events, (), NOW, limit=3)
    last = first[-1]
    rest = rank(events, (), NOW, below=(last.score, last.sequence))
    assert [found.sequence for found in (*first, *rest)] == [7, 6, 5, 4, 3, 2, 1]
