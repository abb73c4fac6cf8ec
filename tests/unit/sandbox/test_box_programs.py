"""Where the commands of a box find their programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.sandbox import rootfs
from services.sandbox.interpreter import Interpreter
from services.sandbox.limits import Limits


def path_of_a_box(tmp_path: Path) -> list[str]:
    interpreter = Interpreter(program=Path("/usr/bin/python3"), agent=tmp_path)
    layout = rootfs.Layout(root=tmp_path, etc=tmp_path, interpreter=interpreter, limits=Limits())
    words = layout.arguments()
    return words[words.index("PATH") + 1].split(":")


def test_on_nixos_a_box_has_the_programs_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "store"
    store.mkdir()
    (tmp_path / "current").symlink_to(store)
    monkeypatch.setattr(rootfs, "NIXOS", tmp_path / "current")
    # As it lies in the store, for a box does not see the link.
    assert str(store) in path_of_a_box(tmp_path)


def test_elsewhere_it_has_those_below_usr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rootfs, "NIXOS", tmp_path / "nowhere")
    assert path_of_a_box(tmp_path)[-3:] == ["/usr/bin", "/sbin", "/bin"]
