"""Slots: what kind they are, and the values in what people say."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from proto.memory import Search
from proto.sandbox import Run
from proto.tasks import MoveTask, RenameTask
from services.llm.reflex.slots import Evidence, Slot, Value, number, plausible, reference, slots, value


class Everything(msgspec.Struct, kw_only=True):
    """An action with an argument of every kind."""

    size: Literal["small", "large"]
    loud: bool = False
    share: float = 0.5
    note: str | None = None
    tags: tuple[str, ...] = ()
    count: Annotated[int, Meta(ge=1)] | None = None


def kinds(action: type[msgspec.Struct]) -> dict[str, str]:
    return {name: slot.kind for name, slot in slots(msgspec.json.schema(action)).items()}


def test_kinds_are_read_from_the_schema() -> None:
    assert kinds(Everything) == {
        "size": "choice",
        "loud": "boolean",
        "share": "number",
        "note": "text",
        "tags": "other",
        "count": "integer",
    }
    assert kinds(MoveTask) == {"task": "reference", "position": "integer"}
    assert kinds(RenameTask) == {"task": "reference", "title": "text"}
    assert kinds(Run)["command"] == "command"
    assert kinds(Search)["query"] == "query"


def test_what_is_required_is_known() -> None:
    required = {name for name, slot in slots(msgspec.json.schema(Everything)).items() if slot.required}
    assert required == {"size"}


@pytest.mark.parametrize(
    ("said", "expected"),
    [("3", 3), ("#3", 3), ("3rd", 3), ("third", 3), ("Three", 3), ("top", 1), ("beginning", 1), ("many", None)],
)
def test_numbers_are_read_as_people_say_them(said: str, expected: int | None) -> None:
    assert number(said) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("the third task", "3"),
        ("task 2", "2"),
        ("task number two", "2"),
        ("the 2nd one", "2"),
        ("#4", "4"),
        ("the fourth item on my list", "4"),
        ("buy milk", "buy milk"),
        ("the milk task", "milk"),
        ("'the third task'", "the third task"),
        ("\u201cbuy milk\u201d", "buy milk"),
        ("it", None),
        ("all of them", None),
        ("that one", None),
    ],
)
def test_a_task_is_named_by_number_or_by_words(said: str, expected: str | None) -> None:
    assert reference(said) == expected


@pytest.mark.parametrize(
    ("slot", "said", "expected"),
    [
        (Slot(name="size", kind="choice", required=True, choices=("small", "large")), "LARGE", "large"),
        (Slot(name="size", kind="choice", required=True, choices=("small", "large")), "huge", None),
        (Slot(name="loud", kind="boolean", required=True), "On", True),
        (Slot(name="loud", kind="boolean", required=True), "maybe", None),
        (Slot(name="command", kind="command", required=True), "`ls -la`", "ls -la"),
        (Slot(name="command", kind="command", required=True), "```sh\nls\npwd\n```", "ls\npwd"),
        (Slot(name="title", kind="text", required=True), "'Call Ann'", "Call Ann"),
        (Slot(name="title", kind="text", required=True), "that", None),
        (Slot(name="tags", kind="other", required=True), "a, b", None),
    ],
)
def test_values_have_the_type_of_their_slot(slot: Slot, said: str, expected: Value | None) -> None:
    assert value(slot, said) == expected


COMMAND = Slot(name="command", kind="command", required=True)
TITLE = Slot(name="title", kind="text", required=True)
TASK = Slot(name="task", kind="reference", required=True)


@pytest.mark.parametrize(
    ("slot", "said", "evidence", "expected"),
    [
        (COMMAND, "uname -a", "weak", True),
        (COMMAND, "./build.sh", "weak", True),
        (COMMAND, "x | y", "weak", True),
        (COMMAND, "a marathon", "weak", False),
        (COMMAND, "errands", "weak", False),
        (COMMAND, "errands", "strong", True),
        (COMMAND, "`errands`", "weak", True),
        (TITLE, "milk", "weak", True),
        (TITLE, "2 and 2", "weak", False),
        (TITLE, "the dishes", "weak", False),
        (TITLE, "the dishes", "strong", True),
        (TITLE, "buy milk as", "strong", False),
        (TASK, "the milk task", "weak", True),
        (TASK, "the background", "weak", False),
        (TASK, "report.txt", "weak", False),
        (TASK, "cookies from my browser", "weak", False),
        (TASK, "dinner", "weak", True),
        (TASK, "dinner", "statement", False),
        (TASK, "task 3", "statement", True),
        (TASK, "'dinner'", "statement", True),
    ],
)
def test_few_words_around_a_slot_ask_more_of_what_stands_in_it(
    slot: Slot, said: str, evidence: Evidence, expected: bool
) -> None:
    assert plausible(slot, said, evidence) is expected
