"""The table of commands."""

import tomllib

import pytest

from daimon import __version__, cli
from daimon.up.services import CHECKOUT


def test_help_shows_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([]) == 0
    printed = capsys.readouterr().out
    assert all(f"  {name} " in printed for name in cli.COMMANDS)


def test_version_is_that_of_the_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    declared = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"]
    assert capsys.readouterr().out == f"daimon {declared}\n"
    assert declared == __version__


def test_an_unknown_command_lists_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["statsu"]) == 2
    printed = capsys.readouterr().err
    assert "Did you mean `status`?" in printed
    assert "up, down, status" in printed


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_tells_of_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.run(["help", name])
    assert ended.value.code == 0
    assert f"usage: daimon {name}" in capsys.readouterr().out


def test_status_of_nothing_says_how_to_start(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["status", "--home", str(tmp_path)]) == 3
    assert "`daimon up` starts it" in capsys.readouterr().out


def test_logs_of_nothing_say_so(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["logs", "--home", str(tmp_path)]) == 1
    assert "has not run there" in capsys.readouterr().err
