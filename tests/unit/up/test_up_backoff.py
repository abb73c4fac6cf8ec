"""How long a child that ends again and again is left alone."""

from daimon.up.backoff import FIRST, HEALTHY, LONGEST, Backoff


def test_it_doubles_up_to_the_longest() -> None:
    backoff = Backoff()
    delays = [backoff.after(0.0) for _ in range(8)]
    assert delays == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, LONGEST, LONGEST]


def test_it_begins_anew_after_a_healthy_life() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.after(HEALTHY - 1)
    assert backoff.after(HEALTHY) == FIRST
    assert backoff.after(0.0) == 2 * FIRST
