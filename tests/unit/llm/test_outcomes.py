"""What came of answers and titles is counted once each, however often the log is looked at."""

from __future__ import annotations

from proto.base import Caller
from proto.chat import Answered
from proto.events import Happening, Recorded, happened
from proto.titles import Titled
from services.llm import counting
from services.llm.outcomes import Outcomes


def recorded(sequence: int, what: Happening, actor: str = "model", conversation: str = "one") -> Recorded:
    caller = Caller(user="ada", actor=actor, conversation=conversation)
    return Recorded(sequence=sequence, event=happened(what, caller))


def test_an_answer_that_is_read_again_is_counted_once_and_a_new_one_is_added():
    outcomes = Outcomes()
    first = recorded(3, Answered(turn="a", text="yes", steps=2, instructions={"system": 0}))
    later = recorded(5, Answered(turn="b", text="", outcome="failed", steps=4, instructions={"system": 0}))
    for each in (first, first, later, first):
        outcomes.answered(each)
    (count,) = counting.answers(outcomes.answers.values(), {"a": "up"})
    assert (count.answers, count.failed, count.up, count.steps) == (2, 1, 1, 3.0)
    assert outcomes.answered_until == 5


def test_a_title_that_is_read_again_is_counted_once_and_one_that_was_replaced_is_bad():
    outcomes = Outcomes()
    made = recorded(3, Titled(title="Milk", version=1))
    kept = recorded(4, Titled(title="Bread", version=1), conversation="two")
    better = recorded(6, Titled(title="Shopping", before="Milk"), actor="user")
    for each in (made, kept, made, better, better):
        outcomes.titled(each)
    (count,) = counting.titles(outcomes.namings)
    assert (count.number, count.answers, count.down) == (1, 2, 1)
    assert len(outcomes.namings) == 3
