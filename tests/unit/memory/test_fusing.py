"""Rank fusion."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.memory.search import RECENT, Candidate, fuse, newest

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def candidate(number: int) -> Candidate:
    return Candidate(
        event=f"e{number}",
        time=NOON + timedelta(minutes=number),
        kind="task.added",
        actor="user",
        sentence="",
        conversation="",
    )


def order(**rankings: list[str]) -> list[str]:
    return [fused.event for fused in fuse(rankings)]


def test_one_ranking_keeps_its_order():
    assert order(words=["a", "b", "c"]) == ["a", "b", "c"]


def test_what_two_rankings_found_stands_before_what_one_found_first():
    assert order(words=["a", "both"], meaning=["b", "c", "both"])[0] == "both"


def test_a_hit_says_which_rankings_found_it():
    found = {fused.event: fused.why for fused in fuse({"words": ["a"], "meaning": ["b", "a"], "recent": ["b"]})}
    assert found == {"a": ("words", "meaning"), "b": ("meaning", "recent")}


def test_of_two_that_fit_alike_the_newer_one_is_first():
    assert order(words=["old", "x"], meaning=["new", "y"], recent=["new"])[0] == "new"


def test_being_new_does_not_outweigh_fitting():
    meaning = [f"e{number}" for number in range(10)]
    assert order(meaning=meaning, recent=["e9"])[0] == "e0"


def test_scores_fall():
    scores = [fused.score for fused in fuse({"words": ["a", "b"], "meaning": ["b", "c"]})]
    assert scores == sorted(scores, reverse=True)


def test_only_the_newest_candidates_are_recent():
    found = newest([candidate(number) for number in range(RECENT + 5)])
    assert found == [f"e{number}" for number in range(RECENT + 4, 4, -1)]


def test_nothing_found_is_nothing_fused():
    assert fuse({"words": [], "meaning": [], "recent": []}) == []
