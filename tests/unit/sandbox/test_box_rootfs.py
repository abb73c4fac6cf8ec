"""What a box is shown of the machine."""

from __future__ import annotations

from pathlib import Path

from services.sandbox.interpreter import Interpreter
from services.sandbox.limits import Limits
from services.sandbox.rootfs import Layout, write_etc


def arguments(tmp_path: Path, prefix: Path | None = None) -> list[str]:
    program = prefix / "bin" / "python3.11" if prefix else Path("/usr/bin/python3.11")
    interpreter = Interpreter(program=program, prefix=prefix, agent=tmp_path / "agent")
    layout = Layout(root=tmp_path / "root", etc=tmp_path / "etc", interpreter=interpreter, limits=Limits())
    return layout.arguments()


def sources(words: list[str]) -> set[str]:
    return {words[at + 1] for at, word in enumerate(words) if word in {"--bind", "--ro-bind"}}


def test_only_system_folders_and_the_boxs_own_are_shown(tmp_path: Path):
    system = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/dev/null"}
    own = {str(tmp_path / name) for name in ("etc", "agent", "root/work", "root/data", "root/return")}
    assert sources(arguments(tmp_path)) - system == own


def test_nothing_but_the_boxs_own_files_is_writable(tmp_path: Path):
    words = arguments(tmp_path)
    writable = {words[at + 2] for at, word in enumerate(words) if word == "--bind"}
    assert writable == {"/home/box", "/data", "/return"}
    assert {words[at + 1] for at, word in enumerate(words) if word == "--remount-ro"} == {"/", "/dev"}


def test_of_a_python_elsewhere_only_its_lib_and_itself_are_shown(tmp_path: Path):
    prefix = tmp_path / "home" / "ada" / ".pyenv" / "versions" / "3.11"
    extra = sources(arguments(tmp_path, prefix)) - sources(arguments(tmp_path))
    assert extra == {str(prefix / "lib"), str(prefix / "bin" / "python3.11")}


def test_the_environment_is_made_anew(tmp_path: Path):
    words = arguments(tmp_path)
    assert "--clearenv" in words
    names = {words[at + 1] for at, word in enumerate(words) if word == "--setenv"}
    assert {"PATH", "HOME", "https_proxy", "HTTPS_PROXY"} <= names


def test_its_etc_holds_no_secret_and_can_be_read_by_all(tmp_path: Path):
    write_etc(tmp_path / "etc")
    names = {str(path.relative_to(tmp_path / "etc")) for path in (tmp_path / "etc").rglob("*")}
    assert not {name for name in names if "shadow" in name or "private" in name or name.startswith("ssh")}
    assert (tmp_path / "etc/resolv.conf").read_text() == ""
    assert all(path.stat().st_mode & 0o004 for path in (tmp_path / "etc").iterdir() if not path.is_symlink())


def test_its_etc_can_be_written_again(tmp_path: Path):
    write_etc(tmp_path / "etc")
    (tmp_path / "etc/stale").touch()
    write_etc(tmp_path / "etc")
    assert not (tmp_path / "etc/stale").exists()
