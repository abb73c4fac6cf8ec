"""The lines the commands print, and which events a filter lets through."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import msgspec
import pytest

from daimon.commands import actions, do, documents, events, keys, search, sql, tasks, versions
from proto.base import Caller
from proto.chat import Exchange, Outcome, ToolUse
from proto.documents import DocumentLine, DocumentRead
from proto.events import happened
from proto.keys import ApiKey
from proto.memory import Hit, Rows
from proto.tasks import Task, TaskAdded

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_a_task_shows_its_number_its_mark_and_its_title() -> None:
    assert tasks.line(Task(id="1", title="buy milk", position=3)) == "  3  [ ]  buy milk"
    assert tasks.line(Task(id="1", title="buy milk", position=12, done=True)) == " 12  [x]  buy milk"


def test_an_event_shows_when_who_what_and_its_sentence() -> None:
    told = happened(TaskAdded(task="1", title="x"), Caller(user="ada", actor="model"))
    event = msgspec.structs.replace(told, time=NOON)
    assert events.line(event).split(maxsplit=2)[2] == "model     task.added        Added task 'x'"


@pytest.mark.parametrize(("passages", "words"), [(1, "1 passage"), (2, "2 passages")])
def test_one_passage_is_one_and_two_are_two(passages: int, words: str) -> None:
    line = DocumentLine(document="1", name="a", size=1, media_type="", uploaded=NOON, state="ready", passages=passages)
    assert documents.state(line) == words
    assert DocumentRead(document="1", name="a", passages=passages).sentence() == f"Read 'a', {words}"


def test_a_key_that_does_not_grow_old_does_not_look_revoked() -> None:
    key = ApiKey(id="1", user="ada", name="laptop", made=NOON)
    assert keys.row(key)[2:4] == ("never", "it is revoked")


def test_versions_are_counted_for_each_question_and_the_one_that_is_read_is_marked() -> None:
    one, other = (Exchange(turn=turn, time=NOON, asked=turn, answer="x" * 90, versions=("a", "b")) for turn in "ab")
    last = Exchange(turn="c", time=NOON, asked="c", error="It failed.")
    lines = versions.rows([other, last], [one, other, last])
    assert [line[:4] for line in lines] == [("", 1, "1/2", "a"), (">", 1, "2/2", "b"), (">", 2, "1/1", "c")]
    assert [len(lines[0][4]), lines[2][4]] == [60, "It failed."]


def test_a_title_cannot_smuggle_terminal_commands_into_the_list() -> None:
    assert "\033" not in tasks.line(Task(id="1", title="\033[2Jgone"))


def test_a_hit_says_why_it_was_found() -> None:
    hit = Hit(
        event="1", time=NOON, kind="task.added", actor="user", sentence="Added", score=1, why=("words", "meaning")
    )
    assert search.line(hit).endswith("user      Added  (words, meaning)")


@pytest.mark.parametrize(
    ("kind", "wanted", "passes"),
    [
        ("task.added", [], True),
        ("task.added", ["task"], True),
        ("task.added", ["task.added"], True),
        ("task.added", ["chat", "task"], True),
        ("task.added", ["task.add"], False),
        ("tasks.added", ["task"], False),
    ],
)
def test_a_filter_takes_whole_kinds_and_whole_nouns(kind: str, wanted: list[str], passes: bool) -> None:
    assert events.matches(kind, wanted) is passes


def test_csv_quotes_what_needs_it_and_leaves_null_empty(capsys: pytest.CaptureFixture[str]) -> None:
    sql.show_csv(Rows(columns=("a", "b"), rows=(('say "hi", you', None), ("line\nbreak", 2))))
    read = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert read == [["a", "b"], ['say "hi", you', ""], ["line\nbreak", "2"]]


def test_the_menu_shows_the_first_sentence_of_a_long_description() -> None:
    assert actions.first_sentence("Ask the log: one SELECT over these views. events(id, time)") == "Ask the log"
    assert actions.first_sentence("Add a task.") == "Add a task"


WORKED = ToolUse(call="1", action="tasks.add", arguments="{}", ok=True)
FAILED = ToolUse(call="2", action="tasks.add", arguments="{}", ok=False)


@pytest.mark.parametrize(
    ("outcome", "tools", "model", "success"),
    [
        ("done", (WORKED,), "reflex", True),
        ("done", (FAILED, WORKED), "small", True),
        ("done", (WORKED, FAILED), "small", False),
        ("done", (), "small", True),
        ("done", (), "reflex", False),
        ("failed", (WORKED,), "small", False),
        ("stopped", (WORKED,), "small", False),
    ],
)
def test_a_command_succeeds_when_it_ended_well_and_its_last_action_worked(
    outcome: Outcome, tools: tuple[ToolUse, ...], model: str, success: bool
) -> None:
    assert do.Done(conversation="", outcome=outcome, answer="", tools=tools, model=model).success is success
