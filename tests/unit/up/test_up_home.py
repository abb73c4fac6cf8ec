"""The home, its lock, and where its sockets are."""

from pathlib import Path

import pytest

from daimon.up import home
from daimon.up.errors import DiskFull, HomeError
from daimon.up.home import Home


def test_a_new_home_is_closed_to_others(tmp_path: Path) -> None:
    opened = home.open_home(tmp_path / "deep" / "home")
    folders = (opened.path, opened.credentials, opened.nats, opened.boxes, opened.models, opened.logs, opened.run)
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}


def test_a_file_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(HomeError, match="--home DIR"):
        home.open_home(tmp_path / "home")


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "ROOM", 1 << 62)
    with pytest.raises(DiskFull, match="make some room"):
        home.open_home(tmp_path / "home")


def test_only_one_run_holds_the_lock(tmp_path: Path) -> None:
    opened = home.open_home(tmp_path)
    with home.locked(opened) as first, home.locked(opened) as second:
        assert (first, second) == (True, False)
    with home.locked(opened) as again:
        assert again


def test_sockets_are_in_the_home_where_its_path_is_short() -> None:
    assert home.socket_directory(Path("/srv/daimon/run")) == Path("/srv/daimon/run")


def test_sockets_of_a_deep_home_are_in_a_short_private_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    deep = Path("/", "x" * 100)
    short = home.socket_directory(deep)
    assert short.parent == tmp_path
    assert short.stat().st_mode & 0o777 == 0o700
    assert home.socket_directory(deep) == short
    assert home.socket_directory(deep / "y") != short


def test_a_trap_in_the_temporary_directory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    deep = Path("/", "x" * 100)
    wanted = home.socket_directory(deep)
    wanted.rmdir()
    (trap := tmp_path / "trap").mkdir(mode=0o700)
    wanted.symlink_to(trap)
    with pytest.raises(HomeError, match="not a private directory of yours"):
        home.socket_directory(deep)


def test_paths_lie_inside(tmp_path: Path) -> None:
    found = Home(path=tmp_path)
    assert found.overrides == tmp_path / "settings.toml"
    assert found.postgres == tmp_path / "postgres"
