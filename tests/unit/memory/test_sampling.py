"""How words are weighed, and which of them events are fetched by."""

from __future__ import annotations

import random

from services.memory.lexicon import frequency
from services.memory.sampling import MATCHES, Frequency, Sample, Text, fetching
from services.memory.terms import FETCHES, MOST, weighed


def sample(size: int, *texts: str, hidden: int = 0) -> Sample:
    return Sample(size, [Text(words=text.split(), hidden=number < hidden) for number, text in enumerate(texts)])


def words(**matches: int) -> list[Frequency]:
    return [Frequency(word=word, matches=count, says=count) for word, count in matches.items()]


def log(seed: int) -> Sample:
    """A million texts, of which one in two has `milk`, one in five `bread`, and one in fifty both `tea` and `cup`."""
    chance = random.Random(seed)
    shares = {"milk": 0.5, "bread": 0.2, "tea cup": 0.02}
    texts = [" ".join(word for word, share in shares.items() if chance.random() < share) for _ in range(4000)]
    return sample(1_000_000, *texts)


def test_a_rare_word_says_more_than_a_common_one():
    terms = weighed(words(task=900, zebra=2), sample(1000))
    assert terms.terms == ("'zebra'", "'task'")
    assert terms.weights[0] > 0.9
    assert terms.any == "'zebra' | 'task'"


def test_rare_words_fetch_alone():
    assert fetching(words(zebra=20, yak=30), sample(1_000_000)) == [("zebra",), ("yak",)]


def test_words_of_half_the_log_fetch_only_together_with_others():
    found = fetching(words(zebra=20, bread=200_000, milk=500_000), log(1))
    assert found == [("zebra",)]


def test_words_that_go_together_are_not_taken_for_a_rare_pair():
    """By chance one text in 2,500 would have both words; in truth every one that has the one has the other."""
    known = log(2)
    assert (known.having("tea") & known.having("cup")).bit_count() * known.scale > MATCHES
    found = fetching(words(tea=20_000, cup=20_000, xylophone=3000), known)
    assert set(found) == {("tea", "xylophone"), ("cup", "xylophone")}


def test_a_small_log_is_fetched_by_every_word():
    assert fetching(words(task=90, add=40), sample(100)) == [("add",), ("task",)]


def test_hidden_texts_are_fetched_but_say_nothing_about_a_word():
    known = sample(1000, *["visited tasks"] * 6, *["visited the zoo"] * 4, hidden=6)
    assert frequency("visited", None, known) == Frequency(word="visited", matches=1000, says=400)
    assert frequency("tasks", None, known) == Frequency(word="tasks", matches=600, says=0)
    assert frequency("zebra", 3, known) == Frequency(word="zebra", matches=3, says=3)


def test_a_query_of_many_words_has_room():
    many = [Frequency(word=f"w{number}", matches=1 + number, says=1 + number) for number in range(300)]
    terms = weighed(many, sample(1_000_000))
    assert len(terms.terms) == MOST
    assert len(terms.fetch) <= FETCHES
    assert {f"term{MOST}", "weight1", "strict"} < terms.values.keys()


def test_what_only_hidden_texts_say_fetches_nothing():
    """In a million texts a fifth say `visited`, and none of them is shown."""
    shown = ["tea milk", *["tea"] * 9, *["milk"] * 390, *["bread"] * 2800]
    known = sample(1_000_000, *["visited"] * 800, *shown, hidden=800)
    found = [frequency(word, None, known) for word in ("visited", "tea", "milk")]
    assert fetching(found, known) == [("milk", "tea")]


def test_a_word_with_a_very_long_list_is_fetched_by_only_where_nothing_else_is_left():
    known = sample(1_000_000, "tea cup", *["tea"] * 99, *["cup"] * 99, *["milk"] * 3000, *["bread"] * 801)
    assert fetching(words(tea=25_000, cup=25_000, milk=750_000), known) == [("cup", "tea")]
    assert fetching(words(tea=25_000, milk=750_000), known) == [("tea", "milk")]
