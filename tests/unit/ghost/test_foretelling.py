"""What the ghost learns from a few repetitions, and when it keeps quiet."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from proto.accounts import Visited
from proto.approvals import RuleSet
from proto.chat import Answered, Asked
from proto.suggestions import SAME, SuggestionsSwitched, named
from proto.tasks import TaskDeleted
from proto.undo import key_of
from services.ghost.bench.main import watch
from tests.unit.ghost.life import Life


def shopping(life: Life, times: int) -> None:
    for number in range(times):
        life.adds(f"thing {number} from the shop")
        life.sorts()
        life.pauses()


def sentence(life: Life) -> str:
    made = life.offered()
    return named(made.steps) if made else ""


def test_what_was_done_three_times_is_offered_the_fourth_time_with_its_evidence():
    life = Life()
    shopping(life, 3)
    life.adds("bread from the shop")
    made = life.offered()
    assert named(made.steps) == "sort the list by title"
    assert made.why.startswith("After adding a task with '")
    assert made.why.endswith("you sorted the list by title 3 of 3 times")
    assert (made.right, made.tries) == (2, 2)


def test_two_times_are_no_habit():
    life = Life()
    shopping(life, 2)
    life.adds("bread from the shop")
    assert life.offered() is None


def test_a_word_of_what_was_written_tells_one_habit_from_another():
    life = Life()
    for number in range(4):
        life.adds(f"thing {number} from the shop")
        life.sorts()
        life.pauses()
        life.adds(f"call number {number}")
        life.pauses()
    life.adds("call the dentist")
    assert life.offered() is None
    life.pauses()
    life.adds("soap from the shop")
    assert sentence(life) == "sort the list by title"


def test_a_habit_that_is_given_up_is_not_offered_for_long():
    life = Life()
    shopping(life, 5)
    offers = 0
    for number in range(6):
        life.adds(f"other {number} from the shop")
        offers += life.offered() is not None
        life.pauses()
    assert offers <= 3
    life.adds("one more from the shop")
    assert life.offered() is None


def test_what_was_not_wanted_is_quiet_for_a_day_and_then_for_two():
    life = Life()
    shopping(life, 8)
    for hours in (25, 49):
        life.adds(f"bread {hours} from the shop")
        assert life.offered()
        life.dismisses()
        life.sorts()
        life.pauses(timedelta(hours=hours - 3))
        life.adds(f"milk {hours} from the shop")
        assert life.offered() is None
        life.sorts()
        life.pauses(timedelta(hours=4))
    life.adds("soap from the shop")
    assert life.offered()


def test_there_is_one_offer_at_a_time_and_one_after_each_deed():
    life = Life()
    shopping(life, 5)
    life.adds("bread from the shop")
    assert life.offered()
    assert life.offered() is None
    life.happens(SuggestionsSwitched(on=False, before=True))
    life.happens(SuggestionsSwitched(on=True, before=False))
    assert life.offered() is None, "it was offered after this deed"


def test_what_came_of_an_offer_is_counted_by_what_is_done_next():
    life = Life()
    shopping(life, 5)
    for follow in (life.sorts, lambda: life.adds("call mum")):
        life.adds("bread from the shop")
        assert life.offered()
        follow()
    record = life.state.standing.record
    assert (record.made, record.met, record.missed) == (2, 1, 1)
    assert life.state.standing.now is None


def test_nothing_is_offered_while_an_answer_is_written():
    life = Life()
    shopping(life, 5)
    asked = life.happens(Asked(text="how are you?"), actor="model")
    life.adds("bread from the shop")
    assert life.offered() is None
    life.happens(Answered(turn=asked.id, text="Well."), actor="model")
    assert sentence(life) == "sort the list by title"


def test_nothing_is_offered_to_whoever_switched_it_off():
    life = Life()
    shopping(life, 5)
    life.happens(SuggestionsSwitched(on=False, before=True))
    life.adds("bread from the shop")
    assert life.offered() is None
    life.happens(SuggestionsSwitched(on=True, before=False))
    assert life.offered()


def test_an_action_that_is_not_allowed_is_not_offered():
    life = Life()
    shopping(life, 5)
    life.happens(RuleSet(action="tasks.sort", rule="deny"))
    life.adds("bread from the shop")
    assert life.offered() is None
    life.happens(RuleSet(action="tasks.sort", rule=None))
    assert life.offered()


def test_a_step_is_done_to_the_task_of_the_deed_before():
    life = Life()
    for number in range(4):
        task = life.adds(f"number {number}")
        life.moves(task, f"number {number}")
        life.pauses()
    task = life.adds("quite another")
    (step,) = life.offered().steps
    assert step.sentence == "move 'quite another' to 1st"
    assert msgspec.json.decode(step.arguments) == {"task": task, "position": 1}


def test_what_cannot_be_done_is_not_offered():
    life = Life()
    for number in range(4):
        task = life.adds(f"number {number}")
        life.completes(task, f"number {number}")
        life.pauses()
    life.adds("gone")
    assert sentence(life) == "complete 'gone'"
    life = Life()
    for number in range(4):
        life.adds(f"number {number}")
        watered = life.adds("water the plants")
        life.completes(watered, "water the plants")
        life.pauses()
    life.adds("water the plants")
    life.pauses()
    life.adds("number 5")
    assert sentence(life) == ""


def rounds(life: Life, times: int) -> None:
    for number in range(times):
        life.adds(f"letter {number}")
        report = life.adds("write the report")
        life.moves(report, "write the report")
        life.completes(report, "write the report")
        life.deletes(report, "write the report")
        life.pauses()


def test_the_rest_of_what_was_repeated_is_offered_as_one_plan():
    life = Life()
    rounds(life, 4)
    life.adds("letter 9")
    made = life.offered()
    assert [step.sentence for step in made.steps] == [
        "add the task 'write the report'",
        "move 'write the report' to 1st",
        "complete 'write the report'",
        "delete 'write the report'",
    ]
    assert [msgspec.json.decode(step.arguments).get("task") for step in made.steps] == [None, SAME, SAME, SAME]


def test_a_plan_does_nothing_twice():
    life = Life()
    for _ in range(6):
        report = life.adds("report")
        life.completes(report, "report")
        life.deletes(report, "report")
    assert sentence(life) == "add the task 'report', complete 'report' and delete 'report'"


def test_a_plan_is_not_longer_than_what_was_repeated():
    life = Life()
    rounds(life, 4)
    report = life.adds("write the report")
    life.moves(report, "write the report")
    life.completes(report, "write the report")
    assert sentence(life) == "delete 'write the report'"


def test_the_first_deed_of_a_part_of_the_day_is_learnt_too():
    life = Life()
    for _ in range(4):
        life.sorts()
        life.adds("something")
        life.pauses(timedelta(hours=24) - timedelta(minutes=2))
    life.happens(RuleSet(action="tasks.add", rule="ask"))
    assert life.offered() is None, "nobody is here"
    life.happens(Visited(path="/tasks"))
    made = life.offered()
    assert named(made.steps) == "sort the list by title"
    assert made.why == "At this time of the day, first of all, you sorted the list by title 4 of 4 times"


def test_what_undid_something_is_no_deed():
    life = Life()
    for number in range(6):
        task = life.adds(f"number {number}")
        event = life.state.last
        life.happens(TaskDeleted(task=task, title="x", position=1, done=False), cause=event.id, key=key_of(event.id))
        life.pauses()
    life.adds("one more")
    assert life.offered() is None


@pytest.mark.parametrize("seed", [1, 2])
def test_most_of_what_is_offered_comes_and_far_more_than_by_a_simple_guess(seed):
    found = watch(seed, 30)
    assert found.right >= 0.7
    assert found.right >= 1.5 * found.baseline
    assert found.foretold >= 0.25
