"""Logs within bounds, and their last lines."""

from pathlib import Path

import pytest

from daimon.up import logs
from daimon.up.child import last_words


def test_a_large_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LARGE", 5)
    log = tmp_path / "nats.log"
    log.write_text("12345")
    logs.rotate(log)
    assert log.exists()
    log.write_text("123456")
    logs.rotate(log)
    assert not log.exists()
    assert (tmp_path / "nats.log.1").read_text() == "123456"


@pytest.mark.parametrize("block", [1, 7, 64 * 1024])
@pytest.mark.parametrize("count", [0, 1, 3, 100, 1000])
def test_last_lines_are_the_same_however_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, count: int
) -> None:
    monkeypatch.setattr(logs, "_BLOCK", block)
    log = tmp_path / "log"
    lines = [f"line {number} ü" for number in range(100)]
    log.write_text("\n".join(lines) + "\n")
    assert logs.last_lines(log, count) == (lines[-count:] if count else [])


def test_following_yields_whole_lines_as_they_come(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("old\n")
    ends = {log: log.stat().st_size}
    with log.open("a") as file:
        file.write("new\nha")
    assert logs._added(log, ends) == ["new"]
    with log.open("a") as file:
        file.write("lf\n")
    assert logs._added(log, ends) == ["half"]
    assert logs._added(log, ends) == []


def test_following_begins_anew_when_a_log_was_put_aside(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("a long line\n")
    ends = {log: log.stat().st_size}
    log.write_text("short\n")
    assert logs._added(log, ends) == ["short"]


def test_last_words_are_the_message_of_a_line_of_json(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text('before\n{"level": "error", "message": "no such model"}\n\n')
    assert last_words(log) == "no such model"
    log.write_text("Traceback\nValueError: x\n")
    assert last_words(log) == "ValueError: x"
    log.write_text("")
    assert last_words(log) == "it said nothing"
