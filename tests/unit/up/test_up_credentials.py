"""Passwords and the owner's own programs."""

from pathlib import Path

import pytest

from daimon.up import credentials
from daimon.up.errors import HomeError
from daimon.up.home import open_home
from proto import permissions


def test_a_password_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    made = credentials.password(home, "tasks")
    assert len(made) >= 40
    assert credentials.password(home, "tasks") == made
    file = credentials.password_file(home, "tasks")
    assert file.read_text() == made
    assert file.stat().st_mode & 0o777 == 0o600


def test_every_service_may_connect_with_a_password_of_its_own(tmp_path: Path) -> None:
    users = credentials.users(open_home(tmp_path))
    assert [user.name for user in users] == list(permissions.SERVICES)
    assert len({user.password for user in users}) == len(users)


def test_a_program_is_let_in_and_out_again(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    credentials.add_program(home, "lamp", ["a.>"], ["b.>"])
    added = credentials.add_program(home, "lamp", ["a.>"], ["c.>"])
    assert credentials.users(home)[-1] == added
    assert credentials.programs(home) == [added]
    assert (home.credentials / "programs.json").stat().st_mode & 0o777 == 0o600
    assert credentials.remove_program(home, "lamp")
    assert not credentials.remove_program(home, "lamp")
    assert credentials.programs(home) == []


def test_a_program_cannot_take_the_name_of_a_service(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="another name"):
        credentials.add_program(open_home(tmp_path), "gateway", [], [])
