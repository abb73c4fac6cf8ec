"""A reader of a turn gets every piece once, in order, whatever the way there does to them."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from daimon.follow import RESTARTED, Plain, Reading
from proto.chat import Calling, Ended, Part, Returned, Started, Text, Thought, ToolUse

STARTED = Started(attempt=1, model="m")
TOOL = ToolUse(call="c1", action="tasks.add", arguments="{}")


def texts(answer: str, attempt: int = 1, size: int = 3) -> list[Part]:
    pieces = range(0, len(answer), size)
    return [Text(attempt=attempt, offset=at, text=answer[at : at + size]) for at in pieces]


def turn(answer: str, attempt: int = 1) -> list[Part]:
    return [
        Started(attempt=attempt, model="m"),
        Thought(attempt=attempt, text="hm "),
        Thought(attempt=attempt, offset=3, text="hm "),
        *texts(answer[:6], attempt),
        Calling(attempt=attempt, tool=TOOL),
        Returned(attempt=attempt, tool=TOOL),
        *[Text(attempt=attempt, offset=6, text=answer[6:])],
        Ended(attempt=attempt, outcome="done", answer=answer),
    ]


def take_all(parts: Sequence[Part], reading: Reading | None = None) -> list[Part]:
    reading = reading or Reading()
    return [new for part in parts for new in reading.take(part)]


def written(parts: Sequence[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))


def rebuilt(parts: Sequence[Part]) -> str:
    """The text as a reader that can take back puts it together: each piece stands at its offset."""
    text = ""
    for part in parts:
        text = text[: part.offset] + part.text if isinstance(part, Text) else text
    return text


def test_parts_that_come_in_order_pass_unchanged() -> None:
    log = turn("hello, world")
    assert take_all(log) == log


def test_every_part_that_comes_twice_counts_once() -> None:
    log = [part for part in turn("hello, world") if not isinstance(part, Thought)]
    assert take_all([part for part in log for _ in range(2)]) == log


def test_a_piece_that_overlaps_adds_only_its_end() -> None:
    reading = Reading()
    new = take_all([STARTED, Text(attempt=1, offset=0, text="abc"), Text(attempt=1, offset=1, text="bcde")], reading)
    assert new[1:] == [Text(attempt=1, offset=0, text="abc"), Text(attempt=1, offset=3, text="de")]


def test_a_hole_is_noticed_and_the_log_fills_it() -> None:
    reading = Reading()
    log = [STARTED, *texts("abcdefghi")]
    assert written(take_all([log[0], log[1], log[3]], reading)) == "abc"
    assert reading.missing
    assert written(reading.catch_up(log)) == "defghi"
    assert not reading.missing


def test_a_reader_that_comes_late_asks_for_the_log() -> None:
    reading = Reading()
    assert take_all(texts("abcdef")[1:], reading) == []
    assert reading.missing
    assert written(reading.catch_up([STARTED, *texts("abcdef")])) == "abcdef"


def test_a_lost_call_is_noticed_when_its_result_comes() -> None:
    reading = Reading()
    assert take_all([STARTED, Returned(attempt=1, tool=TOOL)], reading) == [STARTED]
    assert reading.missing


def test_a_later_attempt_starts_over_and_the_earlier_is_no_longer_heard() -> None:
    reading = Reading()
    second = Started(attempt=2, model="m")
    new = take_all([STARTED, *texts("abcdef"), second, *texts("abx", 2), *texts("ghi", 1)], reading)
    assert new[3:] == [second, *texts("abx", 2)]


def test_a_later_attempt_may_go_on_from_within_the_earlier_one_if_the_log_says_so() -> None:
    log = [STARTED, *texts("abcdef"), Started(attempt=2, model="m"), Text(attempt=2, offset=4, text="EF")]
    reading, plain = Reading(), Plain()
    live = take_all(log, reading)
    assert reading.missing
    assert live[-1] == log[-2]
    new = reading.catch_up(log)
    assert new == [log[-1]]
    assert "".join(map(plain.take, [*live, *new])) == "abcdef" + RESTARTED + "abcdEF"


def test_a_later_attempt_that_goes_on_at_the_end_is_one_text_with_the_earlier() -> None:
    log = [STARTED, *texts("abcdef"), Started(attempt=2, model="m"), Text(attempt=2, offset=6, text="ghi")]
    plain = Plain()
    assert "".join(map(plain.take, Reading().catch_up(log))) == "abcdefghi"


def test_an_end_without_text_of_its_attempt_still_brings_its_answer() -> None:
    parts = take_all([STARTED, *texts("abc"), Ended(attempt=2, outcome="done", answer="other")])
    assert parts[-2:] == [Text(attempt=2, offset=0, text="other"), Ended(attempt=2, outcome="done", answer="other")]


def test_a_later_attempt_whose_start_was_lost_is_read_from_the_log() -> None:
    reading = Reading()
    log = [STARTED, *texts("abc"), Started(attempt=2, model="m"), *texts("abcd", 2)]
    assert written(take_all([log[0], log[1], log[3]], reading)) == "abc"
    assert reading.missing
    assert reading.catch_up(log) == log[2:]


def test_a_log_that_lost_its_start_is_still_read() -> None:
    assert written(Reading().catch_up(texts("abc", attempt=2))) == "abc"


def test_the_end_brings_what_was_never_seen() -> None:
    reading = Reading()
    new = take_all([STARTED, *texts("abc"), Ended(attempt=1, outcome="done", answer="abcdef")], reading)
    assert written(new) == "abcdef"
    assert isinstance(new[-1], Ended)
    assert reading.ended


def test_nothing_follows_the_end() -> None:
    assert take_all([STARTED, Ended(attempt=1, outcome="stopped"), *texts("late", 2)])[1:] == [
        Ended(attempt=1, outcome="stopped")
    ]


def test_thoughts_read_again_from_the_log_are_not_doubled() -> None:
    reading = Reading()
    log: list[Part] = [STARTED, *(Thought(attempt=1, offset=3 * n, text="so ") for n in range(4))]
    take_all(log[:3], reading)
    assert reading.catch_up(log) == log[3:]


def test_a_thought_that_was_missed_is_noticed_and_a_repeated_one_is_not_doubled() -> None:
    reading = Reading()
    thoughts = [Thought(attempt=1, offset=3 * n, text="so ") for n in range(3)]
    assert take_all([STARTED, thoughts[0], thoughts[0]], reading) == [STARTED, thoughts[0]]
    assert take_all([thoughts[2]], reading) == []
    assert reading.missing
    assert reading.catch_up([STARTED, *thoughts]) == thoughts[1:]


@pytest.mark.parametrize("seed", range(200))
def test_losses_and_repeats_healed_from_the_log_give_the_answer_exactly(seed: int) -> None:
    dice = random.Random(seed)
    answer = "the quick brown fox jumps over the lazy dog"
    log: list[Part] = [*turn(answer[: dice.randrange(6, 40)])[:-1], *turn(answer, attempt=2)]
    reading, plain, seen = Reading(), Plain(), []
    for upto, part in enumerate(log, start=1):
        come = [part] * dice.choice([0, 1, 1, 2])
        seen += take_all(come, reading)
        seen += reading.catch_up(log[:upto]) if reading.missing or dice.random() < 0.1 else []
    seen += reading.catch_up(log)
    assert "".join(map(plain.take, seen)) == answer
    assert rebuilt(seen) == answer
    assert sum(isinstance(part, Calling) for part in seen if part.attempt == 2) <= 1
    assert seen.count(log[-1]) == 1


def test_plain_text_of_an_attempt_that_repeats_the_earlier_goes_on_where_that_stood() -> None:
    plain = Plain()
    parts = [*texts("abcdef"), Started(attempt=2, model="m"), *texts("abcdefghi", 2)]
    assert "".join(map(plain.take, parts)) == "abcdefghi"


def test_plain_text_says_so_when_a_later_attempt_goes_another_way() -> None:
    plain = Plain()
    parts = [*texts("abcdef"), *texts("abxyz!", 2)]
    assert "".join(map(plain.take, parts)) == "abcdef" + RESTARTED + "abxyz!"


def test_plain_text_takes_the_rest_from_the_end() -> None:
    plain = Plain()
    parts = [*texts("abc"), Ended(attempt=2, outcome="done", answer="abcdef")]
    assert "".join(map(plain.take, parts)) == "abcdef"


def test_plain_text_keeps_what_it_has_when_the_end_brings_no_answer() -> None:
    plain = Plain()
    assert "".join(map(plain.take, [*texts("abc"), Ended(attempt=1, outcome="failed", error="no")])) == "abc"
