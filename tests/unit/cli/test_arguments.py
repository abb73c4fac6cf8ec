"""What the commands take on their command lines."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from daimon import cli
from daimon.commands import CommandError, chat, credentials, do, events, models, search, sql, tasks
from proto.chat import ToolUse
from proto.errors import Invalid
from proto.models import Options


def parse(command: object, *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)  # type: ignore[attr-defined]
    return parser.parse_args(words)


def test_words_need_no_quotes() -> None:
    assert parse(do, "add", "buy", "milk").text == ["add", "buy", "milk"]
    assert parse(chat, "hello", "there", "--conversation", "trip").text == ["hello", "there"]
    assert parse(tasks, "rename", "2", "buy", "oat", "milk").title == ["buy", "oat", "milk"]


@pytest.mark.parametrize(
    "words", [("--json",), ("--json", "add", "milk"), ("add", "--json", "milk"), ("add", "x", "--json")]
)
def test_json_may_stand_before_or_after_the_verb(words: tuple[str, ...]) -> None:
    assert parse(tasks, *words).json


def test_home_and_user_may_stand_before_or_after_the_verb() -> None:
    for words in (("--home", "/x", "--user", "ada", "add", "milk"), ("add", "milk", "--home", "/x", "--user", "ada")):
        found = parse(tasks, *words)
        assert (found.home, found.user) == (Path("/x"), "ada")
    assert parse(credentials, "list", "--home", "/x").home == Path("/x")


def test_without_a_verb_the_tasks_are_shown() -> None:
    assert parse(tasks).change is None


def test_a_place_in_the_list_is_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(tasks, "move", "1", "top")
    assert "invalid int value: 'top'" in capsys.readouterr().err


def test_a_time_of_a_search_that_cannot_be_read_says_how_to_write_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(search, "milk", "--since", "2026-11-20").since.day == 20
    with pytest.raises(SystemExit):
        parse(search, "milk", "--until", "soon")
    assert "'soon' is no time that can be read. Write 2026-11-20, 2026-11-20 14:05" in capsys.readouterr().err


@pytest.mark.parametrize("setting", ["temperature=hot", "temperature=9", "bogus=1", "think=perhaps"])
def test_an_option_that_cannot_be_set_says_which_can(setting: str) -> None:
    with pytest.raises(Invalid, match=rf"{setting} cannot be set. What can: model=NAME, temperature=0 to 2"):
        models.changed(Options(), [setting])
    assert models.changed(Options(), ["temperature=0.5", "think=false"]) == Options(temperature=0.5, think=False)


def test_a_result_cannot_be_json_and_csv_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(sql, "select 1", "--json", "--csv")
    assert "not allowed with" in capsys.readouterr().err


def test_nothing_of_the_past_can_be_asked_for_and_less_than_nothing_cannot(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(events, "--follow", "--limit", "0").limit == 0
    with pytest.raises(SystemExit):
        parse(events, "--limit", "-1")
    assert "'-1' is no number of events: 0 or more is" in capsys.readouterr().err


def test_list_is_a_verb_too_and_a_misspelt_verb_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(tasks, "list", "--json").change is None
    with pytest.raises(SystemExit):
        cli.run(["tasks", "lst"])
    assert "Did you mean `list`?" in capsys.readouterr().err


def test_what_a_command_says_of_itself_keeps_its_capitals(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.run(["help", "sql"])
    assert "Ask the log in SQL." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("ok", "result", "success"),
    [
        (True, '{"exit_code": 0}', True),
        (True, '{"exit_code": 2, "stdout": ""}', False),
        (True, '{"exit_code": null}', True),
        (True, "[]", True),
        (False, "There is no such task.", False),
    ],
)
def test_a_command_that_ends_with_a_program_that_failed_has_failed(ok: bool, result: str, success: bool) -> None:
    tool = ToolUse(call="1", action="sandbox.run", arguments="{}", ok=ok, result=result)
    assert do.Done(conversation="c", outcome="done", answer="", tools=(tool,)).success is success


def home_with_bus(path: Path) -> Path:
    (path / "nats").mkdir()
    (path / "credentials").mkdir()
    (path / "nats/nats.conf").write_text('{"listen": "127.0.0.1:4222", "http": "127.0.0.1:8222"}')
    return path


def credentials_run(home: Path, *words: str) -> int:
    return credentials.run(parse(credentials, "--home", str(home), *words))


def test_a_program_that_is_let_in_gets_an_address_and_stands_in_the_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = home_with_bus(tmp_path)
    assert credentials_run(home, "add", "watcher", "--user", "ada") == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("nats://watcher:")
    assert printed.out.endswith("@127.0.0.1:4222\n")
    assert "takes effect when Daimon is started" in printed.err
    credentials_run(home, "list")
    assert "daimon.do.ada.plugin-watcher.>" in capsys.readouterr().out
    credentials_run(home, "remove", "watcher")
    credentials_run(home, "list")
    assert "ada" not in capsys.readouterr().out


def test_letting_a_program_in_again_says_that_its_old_password_is_void(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = home_with_bus(tmp_path)
    credentials_run(home, "add", "watcher")
    assert "void" not in capsys.readouterr().err
    credentials_run(home, "add", "watcher")
    assert "watcher was let in before; its old password is void" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("a.b",), ("Weather",), ("*",), ("x", "--serves", "a.>")])
def test_a_name_that_would_reach_other_subjects_is_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="take small letters"):
        credentials_run(home_with_bus(tmp_path), "add", *words)


@pytest.mark.parametrize("noun", ["tasks", "memory", "chat", "sandbox", "gateway"])
def test_nobody_may_serve_what_daimon_serves(tmp_path: Path, noun: str) -> None:
    with pytest.raises(CommandError, match="Daimon's own"):
        credentials_run(home_with_bus(tmp_path), "add", "thief", "--serves", noun)


def test_a_service_cannot_be_replaced_by_a_program(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is a service of Daimon"):
        credentials_run(home_with_bus(tmp_path), "add", "gateway")


def test_removing_a_stranger_says_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No program `nobody`"):
        credentials_run(home_with_bus(tmp_path), "remove", "nobody")


def test_where_nothing_was_ever_started_nobody_can_be_let_in(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="bin/daimon up"):
        credentials_run(tmp_path, "list")
