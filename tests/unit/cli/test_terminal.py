"""What the commands print: tables, times, and nothing that could take over a terminal."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

import pytest

from daimon import terminal
from daimon.commands import CommandError
from proto.base import Nothing
from proto.tasks import Task


def test_a_table_sets_numbers_right_and_text_left() -> None:
    lines = terminal.table(("kind", "count"), [("task.added", 12), ("chat.asked", 3)])
    assert lines == ["kind        count", "──────────  ─────", "task.added     12", "chat.asked      3"]


def test_a_table_shows_nothing_for_null_and_words_for_truth() -> None:
    assert terminal.table(("a", "b"), [(None, True), ("x", False)])[2:] == ["   true", "x  false"]


def test_a_column_of_truth_values_is_not_a_column_of_numbers() -> None:
    assert terminal.table(("long name",), [(True,)])[2] == "true"


def test_a_table_keeps_a_value_with_line_breaks_on_its_line() -> None:
    assert terminal.table(("text",), [("two\nlines",)])[2:] == ["two lines"]


def test_a_table_without_rows_shows_its_columns() -> None:
    assert terminal.table(("id", "title"), []) == ["id  title", "──  ─────"]


@pytest.mark.parametrize("text", ["\033[2J", "\033]0;title\a", "a\rb", "\x9b31m", "\u202eevil"])
def test_control_characters_never_reach_the_terminal(text: str) -> None:
    assert all(c.isprintable() for c in terminal.printable(text))


def test_line_breaks_and_letters_of_all_scripts_stay() -> None:
    assert terminal.printable("žluťoučký\t猫\n🙂") == "žluťoučký\t猫\n🙂"


def test_json_is_indented_and_a_line_of_json_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    task = Task(id="1", title="buy milk")
    terminal.show_json([task])
    terminal.show_line(task)
    pretty, line = capsys.readouterr().out.strip().rpartition("]\n")[::2]
    assert pretty.startswith('[\n  {\n    "id": "1",')
    assert line == '{"id":"1","title":"buy milk","done":false,"position":1,"actor":"user"}'


def test_a_remark_goes_beside_the_result_and_is_plain_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.remark("by the way")
    assert capsys.readouterr() == ("", "by the way\n")


def test_a_time_is_shown_as_local_time() -> None:
    time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    assert terminal.clock(time) == time.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def test_without_a_running_daimon_a_command_says_how_to_start_one(tmp_path: Path) -> None:
    async def never(*_: object) -> int:
        raise AssertionError

    arguments = argparse.Namespace(home=tmp_path, user="ada")
    with pytest.raises(CommandError, match=r"start it with `bin/daimon up`"):
        terminal.on_bus(never, arguments)


def test_a_wrong_setting_is_the_commands_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DAIMON_NATS_ULR", "nats://127.0.0.1:1")

    async def never(*_: object) -> int:
        return Nothing()  # type: ignore[return-value]

    with pytest.raises(CommandError, match="DAIMON_NATS_ULR is not a setting"):
        terminal.on_bus(never, argparse.Namespace(home=tmp_path, user="ada"))
